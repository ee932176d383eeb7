import type { Delivery, OutboundMessage, ProducerBinding, SendOutcome } from '@millrace/messaging/binder';
import type { BrokenBinder } from './index.ts';
import type { Sabotage } from './sabotage.ts';
import { without } from './sabotage.ts';

export const brokenDelivery: readonly BrokenBinder[] = [
  {
    name: 'loses one message in a thousand',
    sabotage: () => {
      let count = 0;
      return {
        producer: (real) => ({
          send: (messages) => sendSome(real, messages, () => ++count % 1000 !== 0),
        }),
      };
    },
    caughtBy: ['delivery › of many messages none is lost, altered or doubled'],
  },
  {
    name: 'reorders within a partition',
    sabotage: () => ({
      consumer: (real) => ({ receive: async (max, waitMs) => (await real.receive(max, waitMs)).toReversed() }),
    }),
    caughtBy: [
      'delivery › a partition delivers in the order of acceptance, with growing offsets',
      'producer › sends that were not awaited keep their order',
      'partitions › one member gets all partitions, each in order',
    ],
  },
  {
    name: 'acknowledges on receive',
    sabotage: () => ({
      consumer: (real) => ({
        async receive(max, waitMs) {
          const got = await real.receive(max, waitMs);
          await real.ack(got);
          return got;
        },
      }),
    }),
    caughtBy: ['delivery › what was not acknowledged comes again, what was does not'],
  },
  {
    name: 'never acknowledges',
    sabotage: () => ({ consumer: () => ({ ack: async () => undefined }) }),
    caughtBy: [
      'delivery › every message arrives, and once it is acknowledged not again',
      'groups › a group gets what was sent while no member was there',
    ],
  },
  {
    name: 'releases without the delay',
    sabotage: () => ({ consumer: (real) => ({ release: (deliveries) => real.release(deliveries) }) }),
    caughtBy: ['delivery › a message released with a delay comes after it, not before'],
  },
  {
    name: 'ignores maxInFlight',
    sabotage: () => ({ consumerOptions: (each) => without(each, 'maxInFlight') }),
    caughtBy: ['delivery › maxInFlight bounds what is handed out before it is acknowledged'],
  },
  {
    name: 'returns more than it was asked for',
    sabotage: () => ({ consumer: (real) => ({ receive: (max, waitMs) => real.receive(max + 5, waitMs) }) }),
    caughtBy: ['delivery › receive returns no more than it was asked for'],
  },
  {
    name: 'drops headers that are not text',
    sabotage: () => ({ producer: (real) => ({ send: (messages) => real.send(messages.map(withTextHeaders)) }) }),
    caughtBy: ['content › header values keep type and value', 'content › headers of neighbours in a batch are not mixed up'],
  },
  {
    name: 'adds a header of its own',
    sabotage: () => changedOnReceive((each) => ({ headers: { ...each.headers, 'x-binder': 'me' } })),
    caughtBy: ['content › a message without headers gets none'],
  },
  {
    name: 'truncates payloads at 64 KiB',
    sabotage: () => changedOnReceive((each) => ({ payload: each.payload?.subarray(0, 1 << 16) ?? null })),
    caughtBy: ['content › messages up to maxMessageBytes arrive whole'],
  },
  {
    name: 'turns an empty payload into none',
    sabotage: () => changedOnReceive((each) => ({ payload: each.payload?.length === 0 ? null : each.payload })),
    caughtBy: ['content › payload: empty'],
  },
  {
    name: 'turns a tombstone into an empty payload',
    sabotage: () => changedOnReceive((each) => ({ payload: each.payload ?? new Uint8Array(0) })),
    caughtBy: ['content › payload: tombstone'],
  },
  {
    name: 'takes payloads for UTF-8',
    sabotage: () =>
      changedOnReceive((each) => ({
        payload: each.payload === null ? null : new TextEncoder().encode(new TextDecoder().decode(each.payload)),
      })),
    caughtBy: ['content › payload: not UTF-8', 'content › payload: every byte'],
  },
  {
    name: 'sends the buffer beneath a payload',
    sabotage: () => ({
      producer: (real) => ({
        send: (messages) =>
          real.send(messages.map((each) => changed(each, { payload: each.payload && new Uint8Array(each.payload.buffer) }))),
      }),
    }),
    caughtBy: ['content › a payload that is part of a larger buffer arrives alone'],
  },
  {
    name: 'keeps timestamps in seconds',
    sabotage: () => changedOnReceive((each) => ({ timestamp: Math.floor(each.timestamp / 1000) * 1000 })),
    caughtBy: ['content › a given timestamp is kept to the millisecond'],
  },
  {
    name: 'swallows send errors',
    sabotage: () => ({
      producer: (real) => ({ send: async (messages) => (await real.send(messages)).map((): SendOutcome => ({})) }),
    }),
    caughtBy: [
      'content › one byte more than maxMessageBytes is refused, and its neighbours are not',
      'producer › a partition that does not exist is refused',
    ],
  },
  {
    name: 'ignores the partition',
    sabotage: () => ({
      producer: (real) => ({ send: (messages) => real.send(messages.map((each) => changed(each, { partition: 0 }))) }),
    }),
    caughtBy: ['producer › messages go to the partition that they name'],
  },
  {
    name: 'drops what is under way at close',
    sabotage: () => ({
      producer: (real) => {
        let isClosed = false;
        return {
          async send(messages) {
            // A sender with a buffer of its own, which it forgets.
            await new Promise((resolve) => setImmediate(resolve));
            return isClosed ? new Promise<never>(() => undefined) : real.send(messages);
          },
          async close() {
            isClosed = true;
            await real.close();
          },
        };
      },
    }),
    caughtBy: ['producer › closing the producer flushes what was sent', 'lifecycle › a send on a closed producer fails'],
  },
  {
    name: 'acknowledges a send before it has the message',
    sabotage: () => ({
      producer: (real) => ({
        async send(messages) {
          setImmediate(() => void real.send(messages).catch(() => undefined));
          return messages.map((): SendOutcome => ({}));
        },
      }),
    }),
    caughtBy: [
      'content › a sender may reuse its buffer once the send has settled',
      'content › one byte more than maxMessageBytes is refused, and its neighbours are not',
    ],
  },
  {
    name: 'takes keys for text',
    sabotage: () =>
      changedOnReceive((each) => ({ key: each.key === undefined ? undefined : new TextDecoder().decode(Buffer.from(each.key)) })),
    caughtBy: ['content › keys keep their bytes'],
  },
  {
    name: 'tells header names apart by letters alone',
    sabotage: () =>
      changedOnReceive((each) => ({
        headers: Object.fromEntries(Object.entries(each.headers).map(([name, value]) => [name.toLowerCase(), value])),
      })),
    caughtBy: ['content › header names are kept as they are'],
  },
  {
    name: 'tells a wrong offset of what it accepted',
    sabotage: () => ({
      producer: (real) => ({
        send: async (messages) =>
          (await real.send(messages)).map((outcome) =>
            outcome.error === undefined ? changed(outcome, { offset: (outcome.offset ?? 0) + 1 }) : outcome,
          ),
      }),
    }),
    caughtBy: ['producer › outcomes say where each message lies'],
  },
  {
    name: 'spreads messages of one key',
    sabotage: () => {
      let next = 0;
      return {
        producer: (real) => ({
          send: (messages) =>
            real.send(messages.map((each) => changed(each, { partition: each.partition ?? next++ % real.partitions }))),
        }),
      };
    },
    caughtBy: ['producer › messages of one key go to one partition'],
  },
  {
    name: 'counts every delivery as a redelivery',
    sabotage: () => changedOnReceive((each) => ({ redeliveries: each.redeliveries + 1 })),
    caughtBy: ['delivery › a first delivery counts no redeliveries', 'delivery › a message can be released again and again'],
  },
  {
    name: 'loses what is released',
    sabotage: () => ({ consumer: (real) => ({ release: (deliveries) => real.ack(deliveries) }) }),
    caughtBy: ['delivery › released messages come again', 'delivery › releasing one message keeps those after it from being lost'],
  },
  {
    name: 'waits for ever in spite of waitMs',
    sabotage: () => ({ consumer: (real) => ({ receive: (max) => real.receive(max) }) }),
    caughtBy: ['delivery › receive returns an empty batch when waitMs passed, and works after it'],
  },
  {
    name: 'does not wait in receive',
    sabotage: () => ({ consumer: (real) => ({ receive: (max) => real.receive(max, 0) }) }),
    caughtBy: ['delivery › receive waits for what comes'],
  },
];

async function sendSome(
  real: ProducerBinding,
  messages: readonly OutboundMessage[],
  isKept: () => boolean,
): Promise<readonly SendOutcome[]> {
  const kept = messages.filter(isKept);
  const outcomes = [...(await real.send(kept))];
  return messages.map((message) => (kept.includes(message) ? outcomes.shift()! : {}));
}

function withTextHeaders(message: OutboundMessage): OutboundMessage {
  const entries = Object.entries(message.headers).filter(([, value]) => typeof value === 'string');
  return changed(message, { headers: Object.fromEntries(entries) });
}

/** Hands out altered copies; what is acknowledged or released are the originals, which the binder knows. */
function changedOnReceive(change: (delivery: Delivery) => Partial<Delivery>): Sabotage {
  const originals = new WeakMap<Delivery, Delivery>();
  const copyOf = (delivery: Delivery): Delivery => {
    const { payload, headers, key, timestamp, partition, offset, redeliveries } = delivery;
    const copy = { payload, headers, key, timestamp, partition, offset, redeliveries, ...change(delivery) };
    originals.set(copy, delivery);
    return copy;
  };
  const originalsOf = (copies: readonly Delivery[]) => copies.map((copy) => originals.get(copy)!);
  return {
    consumer: (real) => ({
      receive: async (max, waitMs) => (await real.receive(max, waitMs)).map(copyOf),
      ack: (copies) => real.ack(originalsOf(copies)),
      release: (copies, delayMs) => real.release(originalsOf(copies), delayMs),
    }),
  };
}

function changed<T extends object>(original: T, parts: Partial<T>): T {
  return { ...original, ...parts };
}
