import { MillraceError } from '@millrace/core';
import type { BrokenBinder } from './index.ts';
import { without } from './sabotage.ts';

export const brokenLogs: readonly BrokenBinder[] = [
  {
    name: 'seeks one too far',
    sabotage: () => ({
      log: (real) => ({
        seek: (destination, group, positions) =>
          real.seek(destination, group, new Map([...positions].map(([partition, offset]) => [partition, offset + 1]))),
      }),
    }),
    caughtBy: ['positions › seeking back replays to an active member', 'positions › a group without members can be moved'],
  },
  {
    name: 'forgets active members when seeking',
    sabotage: () => ({ log: () => ({ seek: async () => undefined }) }),
    caughtBy: ['positions › seeking back replays to an active member', 'positions › seeking wakes a member that waits'],
  },
  {
    name: 'reports a lag that is one short',
    sabotage: () => ({
      consumer: (real) => ({
        lag: async () => {
          const lag = await real.lag();
          return lag === undefined ? undefined : Math.max(0, lag - 1);
        },
      }),
    }),
    caughtBy: ['groups › lag counts what the group has not acknowledged'],
  },
  {
    name: 'says that a group is one ahead of what it acknowledged',
    sabotage: () => ({
      log: (real) => ({
        committed: async (destination, group) =>
          new Map([...(await real.committed(destination, group))].map(([partition, offset]) => [partition, offset + 1])),
      }),
    }),
    caughtBy: ['positions › committed is where the group goes on, per partition'],
  },
  {
    name: 'commits what is in hand',
    sabotage: () => ({
      consumer: (real) => {
        const held = new Set<Awaited<ReturnType<typeof real.receive>>[number]>();
        return {
          async receive(max, waitMs) {
            const got = await real.receive(max, waitMs);
            for (const each of got) held.add(each);
            return got;
          },
          async ack() {
            await real.ack([...held]);
            held.clear();
          },
        };
      },
    }),
    caughtBy: [
      'delivery › what was not acknowledged comes again, what was does not',
      'positions › committed is where the group goes on, per partition',
    ],
  },
  {
    name: 'reads from the start of the batch',
    sabotage: () => ({
      log: (real) => ({
        read: (destination, partition, from, options) => real.read(destination, partition, from - (from % 15), options),
      }),
    }),
    caughtBy: ['log › reading from an offset begins with its message, also inside a batch'],
  },
  {
    name: 'does not wait at the end of a log',
    sabotage: () => ({
      log: (real) => ({
        read: (destination, partition, from, options) => real.read(destination, partition, from, { ...options, waitMs: 0 }),
      }),
    }),
    caughtBy: ['log › a read at the end waits for more, and no longer than waitMs'],
  },
  {
    name: 'finds the message before the time that was asked for',
    sabotage: () => ({
      log: (real) => ({
        offsetAt: async (destination, partition, time) => Math.max(0, (await real.offsetAt(destination, partition, time)) - 1),
      }),
    }),
    caughtBy: ['log › offsetAt finds the first message that is not older'],
  },
  {
    name: 'answers for logs that do not exist',
    sabotage: () => ({ log: (real) => ({ partitions: (name) => real.partitions(name).catch(() => []) }) }),
    caughtBy: ['log › an unknown destination is not found'],
  },
  {
    name: 'produces without acknowledging, as one that crashes between',
    sabotage: () => ({
      transactions: (real) => ({ commit: (transaction) => real.commit({ ...transaction, consumed: [] }) }),
    }),
    caughtBy: [
      'transactions › a commit sends what was produced and acknowledges what was consumed',
      'transactions › a commit for a partition that moved away conflicts and does nothing',
    ],
  },
  {
    name: 'commits each message on its own',
    sabotage: () => ({
      transactions: (real) => ({
        async commit({ consumed, produced }) {
          for (const { destination, messages } of produced)
            for (const message of messages) await real.commit({ consumed: [], produced: [{ destination, messages: [message] }] });
          await real.commit({ consumed, produced: [] });
        },
      }),
    }),
    caughtBy: [
      'transactions › a commit that fails is invisible and acknowledges nothing',
      'transactions › messages of one commit become visible together',
    ],
  },
  {
    name: 'fails a commit that lost its partition with another code',
    sabotage: () => ({
      transactions: (real) => ({
        commit: (transaction) =>
          real.commit(transaction).catch((error: unknown) => {
            throw new MillraceError('failed', { code: 'INTERNAL', reason: 'broken', cause: error });
          }),
      }),
    }),
    caughtBy: ['transactions › a commit for a partition that moved away conflicts and does nothing'],
  },
  {
    name: 'starts one after the offset',
    sabotage: () => ({
      consumerOptions: (options) =>
        typeof options.start === 'object' && 'offset' in options.start
          ? { ...options, start: { offset: options.start.offset + 1 } }
          : options,
    }),
    caughtBy: ['positions › a group can start at an offset'],
  },
  {
    name: 'starts at the earliest, whatever was asked',
    sabotage: () => ({ consumerOptions: (options) => ({ ...options, start: 'earliest' }) }),
    caughtBy: [
      "positions › start 'latest' gives a named group only what is sent after it",
      'positions › a group can start at a time',
      'positions › a group can start at an offset',
    ],
  },
  {
    name: 'moves all partitions when one is sought',
    sabotage: () => ({
      log: (real) => ({
        async seek(destination, group, positions) {
          const all = (await real.partitions(destination)).map((each) => [each.partition, each.earliest] as const);
          await real.seek(destination, group, new Map([...all, ...positions]));
        },
      }),
    }),
    caughtBy: ['positions › seeking moves the named partitions and no others'],
  },
  {
    name: 'says that the log ends one early',
    sabotage: () => ({
      log: (real) => ({
        partitions: async (destination) =>
          (await real.partitions(destination)).map(({ partition, earliest, next }) => ({
            partition,
            earliest,
            next: Math.max(earliest, next - 1),
          })),
      }),
    }),
    caughtBy: [
      'log › bounds name the oldest message and the offset of the next',
      'log › a read at the end is empty and stays there',
    ],
  },
  {
    name: 'leaves tombstones out of reads',
    sabotage: () => ({
      log: (real) => ({
        async read(...call) {
          const { messages, next } = await real.read(...call);
          return { messages: messages.filter((each) => each.payload !== null), next };
        },
      }),
    }),
    caughtBy: ['log › a tombstone is read as one, with its key'],
  },
  {
    name: 'reads partition 0 for every other',
    sabotage: () => ({ log: (real) => ({ read: (destination, _, from, options) => real.read(destination, 0, from, options) }) }),
    caughtBy: ['log › partitions are read apart'],
  },
  {
    name: 'reads without looking at the signal',
    sabotage: () => ({
      log: (real) => ({
        read: (destination, partition, from, options) =>
          real.read(destination, partition, from, options && without(options, 'signal')),
      }),
    }),
    caughtBy: ['log › a waiting read ends when its signal is aborted'],
  },
];
