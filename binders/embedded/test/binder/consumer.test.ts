import { beforeEach, describe, expect, it } from 'vitest';
import { Bench, message, settle, text } from '../support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

async function ready(count: number, options = {}, partitions = 1, readAhead?: number) {
  const binder = await bench.client(readAhead);
  const producer = await binder.bindProducer('t', { partitions });
  await producer.send(Array.from({ length: count }, (_, i) => message(`m${i}`, { partition: i % partitions })));
  return { binder, producer, consumer: await binder.bindConsumer('t', 'g', options) };
}

describe('a consumer', () => {
  it('hands out no more than it may before acknowledgements', async () => {
    const { consumer } = await ready(10, { maxInFlight: 4 });
    const first = await consumer.receive(100);
    expect(first).toHaveLength(4);
    const none = consumer.receive(100, 5);
    await bench.clock.advance(5);
    expect(await none).toEqual([]);
    const next = consumer.receive(100);
    await consumer.ack(first.slice(0, 2));
    expect((await next).map(({ offset }) => offset)).toEqual([4, 5]);
  });

  it('goes back to the first released message, after the delay, and counts', async () => {
    const { consumer } = await ready(4);
    const held = await consumer.receive(10);
    await consumer.release(held.slice(1), 1000);
    const waiting = consumer.receive(10);
    await bench.clock.advance(999);
    let early = true;
    void waiting.then(() => (early = false));
    await settle();
    expect(early).toBe(true);
    await bench.clock.advance(1);
    expect((await waiting).map(({ offset, redeliveries }) => [offset, redeliveries])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    await consumer.release(held.slice(1, 2));
    expect((await consumer.receive(1)).map(({ offset, redeliveries }) => [offset, redeliveries])).toEqual([[1, 2]]);
  });

  it('acknowledges all before the last of a partition', async () => {
    const { consumer } = await ready(5);
    const held = await consumer.receive(10);
    await consumer.ack([held[3]!]);
    expect(await consumer.lag()).toBe(1);
  });

  it('hands nothing out of paused partitions', async () => {
    const { consumer } = await ready(6, {}, 2);
    consumer.pause([0]);
    expect((await consumer.receive(10)).map(({ partition }) => partition)).toEqual([1, 1, 1]);
    const rest = consumer.receive(10);
    consumer.resume([0]);
    expect((await rest).map(({ partition }) => partition)).toEqual([0, 0, 0]);
  });

  it('hands nothing out at all while all is paused, and goes on after', async () => {
    const { consumer, producer } = await ready(0);
    consumer.pause();
    await producer.send([message('late')]);
    const waiting = consumer.receive(1);
    await settle();
    consumer.resume();
    expect((await waiting).map(({ payload }) => text(payload))).toEqual(['late']);
  });

  it('reads ahead no more than its bound', async () => {
    const { consumer, binder } = await ready(0, {}, 1, 2000);
    const producer = await binder.bindProducer('t');
    for (let i = 0; i < 50; i++) await producer.send([message('x'.repeat(500))]);
    await settle();
    const first = await consumer.receive(1000);
    expect(first.length).toBeLessThan(10);
    let count = first.length;
    while (count < 50) count += (await consumer.receive(1000)).length;
    expect(count).toBe(50);
  });

  it('ends a waiting receive when it is closed', async () => {
    const { consumer } = await ready(0);
    const waiting = consumer.receive(1);
    await consumer.close();
    expect(await waiting).toEqual([]);
  });

  it('refuses a second receive and deliveries that are not its own', async () => {
    const { consumer } = await ready(0);
    void consumer.receive(1);
    await expect(consumer.receive(1)).rejects.toMatchObject({ reason: 'RECEIVE_TWICE' });
    const foreign = { payload: null, headers: {}, key: undefined, timestamp: 0, partition: 0, offset: 0, redeliveries: 0 };
    await expect(consumer.ack([foreign])).rejects.toMatchObject({ reason: 'FOREIGN_DELIVERY' });
  });
});
