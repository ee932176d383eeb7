import type { OutboundCommand, QueueDelivery } from '@millrace/messaging/binder';
import type { BrokenBinder } from './index.ts';
import { without } from './sabotage.ts';
import type { Sabotage } from './sabotage.ts';

export const brokenQueues: readonly BrokenBinder[] = [
  {
    name: 'ignores lease expiry',
    sabotage: () => ({ queueOptions: (options) => ({ ...options, leaseMs: 86_400_000 }) }),
    caughtBy: ['queue timing › a command returns when its lease expires', 'queue timing › extending tells which leases were lost'],
  },
  {
    name: 'does not extend leases',
    sabotage: () => ({ queueConsumer: () => ({ extend: async () => [] }) }),
    caughtBy: ['queue timing › a lease that is extended lasts'],
  },
  {
    name: 'cancels commands that are being handled',
    sabotage: () => ({ queue: (real) => ({ cancel: async (queue, id) => (await real.cancel(queue, id)) || id === 'x' }) }),
    caughtBy: ['queue timing › a command that is being handled or done cannot be cancelled'],
  },
  {
    name: 'says that it cancelled and does not',
    sabotage: () => {
      const cancelled = new Set<string>();
      return {
        queue: () => ({
          async cancel(queue, id) {
            const isNew = id !== 'unknown' && !cancelled.has(`${queue}/${id}`);
            cancelled.add(`${queue}/${id}`);
            return isNew;
          },
        }),
      };
    },
    caughtBy: ['queue timing › a command that nobody has started can be cancelled'],
  },
  {
    name: 'ignores priority',
    sabotage: () => changedCommands((each) => without(each, 'priority')),
    caughtBy: [
      'queue timing › higher priorities are handed out first',
      'queue timing › a command that comes later overtakes those of lower priority',
    ],
  },
  {
    name: 'ignores the delay of commands',
    sabotage: () => changedCommands((each) => without(each, 'notBefore')),
    caughtBy: ['queue timing › a delayed command is not handed out before its time'],
  },
  {
    name: 'releases commands without the delay',
    sabotage: () => ({ queueConsumer: (real) => ({ release: (deliveries) => real.release(deliveries) }) }),
    caughtBy: ['queue timing › a command released with a delay comes after it, the others do not wait'],
  },
  {
    name: 'hands expired commands out',
    sabotage: () => changedCommands((each) => without(each, 'expiresAt')),
    caughtBy: ['queue timing › an expired command is not handed out'],
  },
  {
    name: 'does not drop duplicates',
    sabotage: () => changedCommands((each) => without(each, 'deduplicateMs')),
    caughtBy: ['queue timing › a duplicate id is accepted and dropped'],
  },
  {
    name: 'drops duplicates for ever',
    sabotage: () =>
      changedCommands((command) => (command.deduplicateMs === undefined ? command : { ...command, deduplicateMs: 86_400_000 })),
    caughtBy: ['queue timing › an id may come again when deduplicateMs has passed'],
  },
  {
    name: 'takes all commands for one consumer',
    sabotage: () => ({ queueOptions: (each) => without(each, 'maxInFlight') }),
    caughtBy: ['queue › maxInFlight bounds what a consumer holds, and what it holds back'],
  },
  {
    name: 'counts held commands as waiting',
    sabotage: () => ({
      queueConsumer: (real) => {
        let held = 0;
        return {
          async receive(max, waitMs) {
            const got = await real.receive(max, waitMs);
            held += got.length;
            return got;
          },
          depth: async () => held + (await real.depth()),
        };
      },
    }),
    caughtBy: ['queue › depth counts what waits'],
  },
  {
    name: 'does not count redeliveries',
    sabotage: () => ({
      queueConsumer: (real) => ({
        async receive(max, waitMs) {
          const got = await real.receive(max, waitMs);
          return got.map(
            (each) => new Proxy(each, { get: (target, name) => (name === 'redeliveries' ? 0 : Reflect.get(target, name)) }),
          );
        },
      }),
    }),
    caughtBy: ['queue › redeliveries count up'],
  },
  {
    name: 'sends every reply to the first address',
    sabotage: () => {
      let first: string | undefined;
      return {
        queue: (real) => ({
          async openReplies() {
            const source = await real.openReplies();
            first ??= source.address;
            return source;
          },
          reply: (replies) => real.reply(replies.map(({ message }) => ({ to: first!, message }))),
        }),
      };
    },
    caughtBy: ['request-reply › each address gets its own replies'],
  },
  {
    name: 'loses all replies when one address is gone',
    sabotage: () => {
      const gone = new Set<string>();
      return {
        queue: (real) => ({
          async openReplies() {
            const source = await real.openReplies();
            return {
              address: source.address,
              receive: (max, waitMs) => source.receive(max, waitMs),
              async close() {
                gone.add(source.address);
                await source.close();
              },
            };
          },
          reply: async (replies) => (replies.some(({ to }) => gone.has(to)) ? undefined : real.reply(replies)),
        }),
      };
    },
    caughtBy: ['request-reply › a reply to an address that is gone is ignored, the others arrive'],
  },
  {
    name: 'takes ids of all queues for one',
    sabotage: () => {
      const seen = new Set<string>();
      return {
        queue: (real) => ({
          send: (queue, commands) =>
            real.send(
              queue,
              commands.filter(({ id }) => !seen.has(id) && seen.add(id)),
            ),
        }),
      };
    },
    caughtBy: ['queue timing › ids are told apart per queue'],
  },
  {
    name: 'copies every command to a second queue',
    sabotage: () => ({
      queue: (real) => ({
        async send(queue, commands) {
          await real.send(queue.replace(/-\d+-q$/, ''), commands);
          return real.send(queue.replace(/-\d+-q$/, ''), commands);
        },
        consume: (queue, options) => real.consume(queue.replace(/-\d+-q$/, ''), options),
      }),
    }),
    caughtBy: ['queue › queues are apart', 'queue › every command goes to one consumer, once'],
  },
  {
    name: 'acknowledges commands up to the one that is done',
    sabotage: () => ({
      queueConsumer: (real) => {
        const held: QueueDelivery[] = [];
        return {
          async receive(max, waitMs) {
            const got = await real.receive(max, waitMs);
            held.push(...got);
            return got;
          },
          async ack(deliveries) {
            const last = Math.max(...deliveries.map((each) => held.indexOf(each)));
            await real.ack(held.splice(0, last + 1));
          },
        };
      },
    }),
    caughtBy: ['queue › commands are acknowledged one by one, in any order'],
  },
];

function changedCommands(change: (command: OutboundCommand) => OutboundCommand): Sabotage {
  return { queue: (real) => ({ send: (queue, commands) => real.send(queue, commands.map(change)) }) };
}
