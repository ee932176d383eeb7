import type { Millrace } from '@millrace/messaging';
import { describe, expect, it } from 'vitest';
import { brokers } from './harness/brokers.ts';
import { Inbox } from './harness/inbox.ts';
import { bytesStream, ours } from './harness/ours.ts';
import { bytesOf, Peer } from './harness/peer.ts';
import type { Seen } from './harness/peer.ts';

const keys = Array.from({ length: 24 }, (_, index) => `key-${index}`);

describe.each(brokers('ours'))('a group of Spring and ours on $name', (broker) => {
  const destination = 'groups.shared';
  const group = 'crew';
  const stream = bytesStream(destination, { partitions: broker.name === 'kafka' ? 6 : 1 });
  const start = async (): Promise<Peer> => Peer.start(broker, { functions: { seen: { input: { destination, group } } } });

  /** Sends a round of numbered messages over all keys and resolves with what each side was given of it. */
  async function round(mr: Millrace, name: string, sides: { spring?: Peer; own: Inbox<string> }, perKey: number) {
    const wanted = Array.from({ length: perKey }, (_, number) => keys.map((key) => `${name} ${key} ${number}`)).flat();
    await mr.publishAll(
      stream,
      wanted.map((line) => Buffer.from(line)),
      {
        each: (payload) => ({ key: String(Buffer.from(payload!)).split(' ')[1]!, contentType: 'text/plain' }),
      },
    );
    const lines = (): { own: string[]; spring: string[] } => ({
      own: sides.own.items.filter((line) => line.startsWith(`${name} `)),
      spring: (sides.spring?.seen.items ?? []).map(textOf).filter((line) => line.startsWith(`${name} `)),
    });
    const count = (): number => lines().own.length + lines().spring.length;
    await expect.poll(count, { timeout: 60_000, message: `messages of ${name}` }).toBeGreaterThanOrEqual(wanted.length);
    return { wanted, ...lines() };
  }

  it('shares the messages: each is handled once, in the order of its key, through joining and leaving', async () => {
    await using mr = await ours(broker);
    const own = new Inbox<string>('ours');
    const subscribe = async () => mr.subscribe(stream, { group }, (payload) => own.put(String(payload)));
    await (await mr.binder()).raw.bindProducer(destination, { partitions: stream.options.partitions });
    let spring = await start();
    await mr.publish(stream, Buffer.from('first key-0 0'), { key: 'key-0', contentType: 'text/plain' });
    await spring.taken('seen', 1);
    const subscription = await subscribe();
    for (let probe = 0, shared = false; !shared; probe++) {
      if (probe > 60) throw new Error('the group never shared its messages');
      const seen = await round(mr, `probe${probe}`, { spring, own }, 1);
      shared = seen.own.length > 0 && seen.spring.length > 0;
    }

    const together = await round(mr, 'together', { spring, own }, 25);
    expect([...together.own, ...together.spring].toSorted()).toEqual(together.wanted.toSorted());
    expect(Math.min(together.own.length, together.spring.length)).toBeGreaterThan(0);
    if (broker.name === 'kafka') for (const side of [together.own, together.spring]) expectOrder(side);

    await spring[Symbol.asyncDispose]();
    const alone = await round(mr, 'alone', { own }, 5);
    expect(alone.own.toSorted()).toEqual(alone.wanted.toSorted());
    if (broker.name === 'kafka') expectOrder(alone.own);

    spring = await start();
    await using _end = spring;
    await subscription.close();
    const left = await round(mr, 'left', { spring, own }, 5);
    expect(left.spring.toSorted()).toEqual(left.wanted.toSorted());
    if (broker.name === 'kafka') expectOrder(left.spring);
  });
});

function textOf({ payload }: Seen): string {
  return bytesOf(payload).toString();
}

/** The numbers of each key rise. */
function expectOrder(lines: readonly string[]): void {
  for (const key of keys) {
    const numbers = lines.filter((line) => line.split(' ')[1] === key).map((line) => Number(line.split(' ')[2]));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
}
