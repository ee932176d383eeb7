import type { ConsumerListener, ConsumerOptions, Delivery } from '@millrace/messaging/binder';
import type { BrokenBinder } from './index.ts';
import { without } from './sabotage.ts';

export const brokenGroups: readonly BrokenBinder[] = [
  {
    name: 'doubles messages within a group',
    sabotage: () => ({
      consumer: (real) => {
        const twins: Delivery[] = [];
        return {
          async receive(max, waitMs) {
            if (twins.length > 0) return twins.splice(0, max);
            const got = await real.receive(max, waitMs);
            twins.push(...got.filter((each) => each.offset % 10 === 3));
            return got;
          },
        };
      },
    }),
    caughtBy: ['groups › each group gets every message once', 'groups › members of a group share its messages'],
  },
  {
    name: 'gives every member a group of its own',
    sabotage: () => {
      let members = 0;
      return { group: (name) => (name === undefined ? undefined : `${name}-${members++}`) };
    },
    caughtBy: ['groups › members of a group share its messages', 'groups › a group gets what was sent while no member was there'],
  },
  {
    name: 'shares one group among anonymous subscriptions',
    sabotage: () => ({ group: (name) => name ?? 'anonymous' }),
    caughtBy: [
      'groups › an anonymous subscription gets only what is sent after it',
      'groups › anonymous subscriptions each get all, under names of their own',
    ],
  },
  {
    name: 'ignores close of consumers',
    sabotage: () => ({ consumer: () => ({ close: async () => undefined }) }),
    caughtBy: [
      'lifecycle › closing a consumer ends its waiting receive with an empty batch',
      'partitions › a leaving member hands its partitions over',
    ],
  },
  {
    name: 'gives partitions to two members',
    sabotage: () => ({ consumerOptions: (options) => ({ ...options, listener: claimingAll(options) }) }),
    caughtBy: ['partitions › members that join and leave under load lose nothing and share no partition'],
  },
  {
    name: 'does not wait for the revoked listener',
    sabotage: () => ({ consumerOptions: (options) => ({ ...options, listener: hurried(options.listener) }) }),
    caughtBy: ['partitions › the revoked listener is waited for, so that it can acknowledge'],
  },
  {
    name: 'ignores a fixed assignment',
    sabotage: () => ({ consumerOptions: (each) => without(each, 'assignment') }),
    caughtBy: ['partitions › with a fixed assignment nobody takes over the partitions of a missing member'],
  },
  {
    name: 'ignores pause',
    sabotage: () => ({ consumer: () => ({ pause: () => undefined }) }),
    caughtBy: ['partitions › a paused consumer gets nothing until it is resumed', 'partitions › one partition can be paused alone'],
  },
  {
    name: 'pauses all partitions for one',
    sabotage: () => ({ consumer: (real) => ({ pause: () => real.pause(), resume: () => real.resume() }) }),
    caughtBy: ['partitions › one partition can be paused alone'],
  },
  {
    name: 'runs all groups as one',
    sabotage: () => ({ group: (name) => (name === undefined ? undefined : 'all') }),
    caughtBy: ['groups › each group gets every message once', 'groups › an acknowledgement counts for its own group alone'],
  },
  {
    name: 'keeps anonymous groups',
    sabotage: () => {
      let count = 0;
      return { group: (name) => name ?? `anonymous-${count++}` };
    },
    caughtBy: [
      'groups › an anonymous subscription is gone with its binding',
      'groups › an anonymous subscription gets only what is sent after it',
    ],
  },
  {
    name: 'mixes destinations whose names begin alike',
    sabotage: () => ({ destination: (name) => name.split('.')[0]! }),
    caughtBy: ['groups › destinations are apart, however alike their names'],
  },
  {
    name: 'begins new groups at the end',
    sabotage: () => ({ consumerOptions: (options) => ({ start: 'latest', ...options }) }),
    caughtBy: ['groups › a new named group begins with what was sent before it'],
  },
  {
    name: 'holds one message at a time',
    sabotage: () => ({ consumerOptions: (options) => ({ ...options, maxInFlight: 1 }) }),
    caughtBy: ['partitions › a partition with unfinished messages holds up no other'],
  },
  {
    name: 'stops all partitions for a delayed release',
    sabotage: () => ({
      consumer: (real) => ({
        async release(deliveries, delayMs = 0) {
          await real.release(deliveries, delayMs);
          if (delayMs > 0) real.pause();
        },
      }),
    }),
    caughtBy: ['partitions › a delayed release in one partition holds up no other'],
  },
  {
    name: 'counts partitions of a fixed assignment from one',
    sabotage: () => ({
      consumerOptions: ({ assignment, ...rest }) => ({
        ...rest,
        assignment: assignment && { index: (assignment.index + 1) % assignment.count, count: assignment.count },
      }),
    }),
    caughtBy: ['partitions › a fixed assignment gets its partitions and no others'],
  },
];

function claimingAll({ listener, partitions = 1 }: ConsumerOptions): ConsumerListener {
  return { ...listener, assigned: () => listener?.assigned?.(Array.from({ length: partitions }, (_, index) => index)) };
}

function hurried(listener: ConsumerListener | undefined): ConsumerListener {
  return {
    ...listener,
    revoked: async (partitions) => {
      setTimeout(() => void listener?.revoked?.(partitions), 20);
    },
  };
}
