import { MillraceError } from '@millrace/core';
import type { BinderCapabilities, QueueCapabilities, RegionCapabilities } from '@millrace/messaging/binder';
import type { BrokenBinder } from './index.ts';
import type { Sabotage } from './sabotage.ts';

export const brokenClaims: readonly BrokenBinder[] = [
  {
    name: 'claims request-reply and lacks it',
    sabotage: () => ({ queue: () => ({ openReplies: () => refuse('UNSUPPORTED') }) }),
    caughtBy: ['request-reply › a reply reaches the address it was sent to, whole'],
  },
  {
    name: 'disclaims a facet that is there',
    sabotage: () => ({ capabilities: (real) => frozen({ ...real, parking: false }) }),
    caughtBy: ['lifecycle › a facet is there exactly where its capability is declared'],
  },
  {
    name: 'takes a priority that it does not declare',
    sabotage: () => ({ capabilities: (real) => withQueue(real, { priorities: 1 }) }),
    caughtBy: ['unsupported › a priority is refused where undeclared'],
  },
  {
    name: 'takes delay, expiry, deduplication and leases that it does not declare',
    sabotage: () => ({
      capabilities: (real) => withQueue(real, { delay: false, timeToLive: false, deduplication: false, leases: false }),
    }),
    caughtBy: [
      'unsupported › a delayed command is refused where undeclared',
      'unsupported › an expiry is refused where undeclared',
      'unsupported › deduplication is refused where undeclared',
      'unsupported › leases are refused where undeclared',
    ],
  },
  {
    name: 'fails with another code than UNSUPPORTED',
    sabotage: () => ({
      capabilities: (real) => withQueue(real, { cancellation: false, requestReply: false }),
      queue: () => ({
        cancel: () => refuse('INVALID_ARGUMENT'),
        openReplies: () => refuse('INTERNAL'),
        reply: () => refuse('UNSUPPORTED'),
      }),
    }),
    caughtBy: ['unsupported › cancel is refused where undeclared', 'unsupported › request-reply is refused where undeclared'],
  },
  {
    name: 'takes region options that it does not declare',
    sabotage: () => ({
      capabilities: (real) =>
        withRegion(real, { versions: false, timeToLive: false, resume: false, durableWatchers: false, modes: ['every'] }),
    }),
    caughtBy: [
      'unsupported › conditions on versions are refused where undeclared',
      'unsupported › a time to live of entries is refused where undeclared',
      'unsupported › named watchers are refused where undeclared',
      "unsupported › watch mode 'latest' is refused where undeclared",
      "unsupported › watch mode 'invalidate' is refused where undeclared",
    ],
  },
  {
    name: 'evaluates conditions that it leaves to the client',
    sabotage: () => ({ capabilities: (real) => withRegion(real, { where: 'client' }) }),
    caughtBy: ['unsupported › selecting by value is refused where the broker does not'],
  },
  {
    name: 'takes retention and compaction that it does not declare',
    sabotage: () => withLog({ retention: [], compaction: false }),
    caughtBy: [
      'unsupported › retention by age is refused where undeclared',
      'unsupported › retention by size is refused where undeclared',
      'unsupported › compaction is refused where undeclared',
    ],
  },
  {
    name: 'takes start positions that it does not declare',
    sabotage: () => withLog({ startPositions: ['earliest', 'latest'] }),
    caughtBy: [
      'unsupported › starting at an offset is refused where undeclared',
      'unsupported › starting at a time is refused where undeclared',
    ],
  },
  {
    name: 'lets its capabilities be changed',
    sabotage: () => ({ capabilities: (real) => structuredClone(real) }),
    caughtBy: ['lifecycle › capabilities are frozen data'],
  },
  {
    name: 'takes every destination as the one that was wished for',
    sabotage: () => ({
      provisioner: (real) => ({ ensure: async (name, spec) => (await real.describe(name)) ?? real.ensure(name, spec) }),
    }),
    caughtBy: ['provisioner › a difference between wish and destination is named'],
  },
  {
    name: 'deletes nothing',
    sabotage: () => ({ provisioner: () => ({ delete: async () => undefined }) }),
    caughtBy: [
      'provisioner › a destination of kind log is described, listed and deleted',
      'provisioner › a destination that is deleted and made again is empty',
    ],
  },
  {
    name: 'has one dead-letter destination for all groups',
    sabotage: () => ({ provisioner: () => ({ deadLetterName: (destination) => `${destination}.dlq` }) }),
    caughtBy: ['provisioner › dead-letter names are stable and apart'],
  },
  {
    name: 'classifies every error as internal',
    sabotage: () => ({ binder: () => ({ errorCode: () => 'INTERNAL' }) }),
    caughtBy: ['lifecycle › errors are classified by a portable code', 'log › an unknown destination is not found'],
  },
  {
    name: 'goes on after close',
    sabotage: () => ({ binder: () => ({ close: async () => undefined }) }),
    caughtBy: [
      'lifecycle › use after close fails',
      'lifecycle › facets fail after close',
      'lifecycle › closing the client ends its waiting receives',
    ],
  },
  {
    name: 'forgets retention',
    sabotage: () => ({
      provisioner: (real) => ({
        ensure: (name, spec = {}) => real.ensure(name, { kind: spec.kind, partitions: spec.partitions }),
      }),
    }),
    caughtBy: [
      'provisioner › retention by age is kept and compared',
      'provisioner › retention by size is kept and compared',
      'provisioner › compaction is kept and compared',
    ],
  },
  {
    name: 'lists logs alone',
    sabotage: () => ({
      provisioner: (real) => ({ list: async () => (await real.list()).filter((each) => each.kind === 'log') }),
    }),
    caughtBy: [
      'provisioner › a destination of kind queue is described, listed and deleted',
      'provisioner › a destination of kind region is described, listed and deleted',
    ],
  },
  {
    name: 'takes any number of partitions',
    sabotage: () => ({
      provisioner: (real) => ({
        ensure: (name, spec) => real.ensure(name, { ...spec, partitions: spec?.partitions && Math.min(spec.partitions, 8) }),
      }),
    }),
    caughtBy: ['unsupported › more partitions than log.maxPartitions are refused'],
  },
];

function refuse(code: 'UNSUPPORTED' | 'INVALID_ARGUMENT' | 'INTERNAL'): Promise<never> {
  return Promise.reject(new MillraceError('no', { code, reason: 'broken' }));
}

function withQueue(real: BinderCapabilities, more: Partial<QueueCapabilities>): BinderCapabilities {
  return frozen({ ...real, queue: real.queue && { ...real.queue, ...more } });
}

function withRegion(real: BinderCapabilities, more: Partial<RegionCapabilities>): BinderCapabilities {
  return frozen({ ...real, region: real.region && { ...real.region, ...more } });
}

function withLog(more: Partial<Exclude<BinderCapabilities['log'], false>>): Sabotage {
  return { capabilities: (real) => frozen({ ...real, log: real.log && { ...real.log, ...more } }) };
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}
