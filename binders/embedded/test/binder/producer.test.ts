import { beforeEach, describe, expect, it } from 'vitest';
import { Bench, bytes, limits, message, place, text } from '../support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('a producer', () => {
  it('answers for each message, and one that cannot be sent does not hold back the others', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t', { partitions: 2 });
    const large = { payload: new Uint8Array(limits.maxMessageBytes + 1), headers: {}, partition: 0 };
    const odd = { payload: bytes('odd'), headers: {}, timestamp: 0.5, partition: 1 };
    const outcomes = await producer.send([
      message('a', { partition: 1 }),
      large,
      odd,
      message('b', { partition: 7 }),
      message('c', { partition: 1 }),
    ]);
    expect(outcomes.map(place)).toEqual([[1, 0], 'MESSAGE_TOO_LARGE', 'TIMESTAMP_INVALID', 'PARTITION_UNKNOWN', [1, 1]]);
  });

  it('keeps what it was given', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t');
    const headers = { text: 'ü', list: [1, 'x', null], big: 2n ** 70n, bytes: bytes('b') };
    await producer.send([
      { payload: bytes('p'), headers, key: bytes('k'), timestamp: 42 },
      { payload: null, headers: {}, key: 'gone' },
    ]);
    const { messages } = await binder.log.read('t', 0, 0);
    expect(messages[0]!.headers).toEqual({ ...headers, bytes: Buffer.from('b') });
    expect([text(messages[0]!.payload), text(messages[0]!.key as Uint8Array), messages[0]!.timestamp]).toEqual(['p', 'k', 42]);
    expect([messages[1]!.payload, messages[1]!.key, messages[1]!.timestamp]).toEqual([null, 'gone', bench.clock.now()]);
  });

  it('keeps the order of calls that were not awaited, beyond its window too', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t');
    const filler = 'x'.repeat(900_000);
    await Promise.all(Array.from({ length: 20 }, (_, i) => producer.send([message(`${i} ${filler}`)])));
    const seen: string[] = [];
    for (let next = 0; seen.length < 20;) {
      const slice = await binder.log.read('t', 0, next);
      seen.push(...slice.messages.map(({ payload }) => text(payload)!.split(' ')[0]!));
      next = slice.next;
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  });

  it('sends messages of one key to one partition and spreads those without', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t', { partitions: 3 });
    const keyed = await producer.send([message('a', { key: 'k' }), message('b', { key: 'k' })]);
    expect(place(keyed[0])[0]).toBe(place(keyed[1])[0]);
    const spread = new Set();
    for (let i = 0; i < 3; i++) spread.add(place((await producer.send([message('x')]))[0])[0]);
    expect(spread.size).toBe(3);
  });

  it('makes required groups before the first send', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t', { requiredGroups: ['g'] });
    await producer.send([message('a')]);
    expect((await binder.provisioner.describe('t'))!.groups).toEqual(['g']);
    const consumer = await binder.bindConsumer('t', 'g', { start: 'latest' });
    expect(await consumer.receive(1)).toHaveLength(1);
  });

  it('is not usable once closed', async () => {
    const producer = await (await bench.client()).bindProducer('t');
    await producer.close();
    await expect(producer.send([message('a')])).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
