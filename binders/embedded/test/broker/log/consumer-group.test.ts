import { beforeEach, describe, expect, it } from 'vitest';
import type { ConsumerBinding, Delivery } from '@millrace/messaging/binder';
import { Bench, message, settle, text } from '../../support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

async function drain(consumer: ConsumerBinding): Promise<Delivery[]> {
  const all: Delivery[] = [];
  for (let some = await consumer.receive(1000); some.length > 0;) {
    all.push(...some);
    const next = consumer.receive(1000, 1);
    await bench.clock.advance(2);
    some = await next;
  }
  return all;
}

async function filled(partitions: number, each: number) {
  const binder = await bench.client();
  const producer = await binder.bindProducer('t', { partitions });
  for (let partition = 0; partition < partitions; partition++)
    await producer.send(Array.from({ length: each }, (_, i) => message(`${partition}.${i}`, { partition })));
  return binder;
}

describe('a consumer group', () => {
  it('shares partitions among its members and hands each message to one', async () => {
    const binder = await filled(4, 5);
    const a = await binder.bindConsumer('t', 'g');
    const b = await binder.bindConsumer('t', 'g');
    await settle();
    const got = [await drain(a), await drain(b)].map((some) => some.map(({ payload }) => text(payload)));
    expect(got[0]!.length).toBe(10);
    expect(new Set(got.flat()).size).toBe(20);
  });

  it('gives each group all messages', async () => {
    const binder = await filled(1, 3);
    for (const group of ['g', 'h']) {
      const consumer = await binder.bindConsumer('t', group);
      expect((await consumer.receive(10)).map(({ payload }) => text(payload))).toEqual(['0.0', '0.1', '0.2']);
    }
  });

  it('goes on behind what was acknowledged, also after a restart', async () => {
    const binder = await filled(1, 5);
    const consumer = await binder.bindConsumer('t', 'g');
    const first = await consumer.receive(3);
    await consumer.ack(first.slice(0, 2));
    bench.restart();
    const again = await (await bench.client()).bindConsumer('t', 'g');
    expect((await again.receive(10)).map(({ offset }) => offset)).toEqual([2, 3, 4]);
    expect(await again.lag()).toBe(3);
  });

  it('asks before it takes a partition away, and accepts acknowledgements until it is given up', async () => {
    const binder = await filled(2, 4);
    let giveUp: (() => void) | undefined;
    const asked: number[][] = [];
    const revoked = (partitions: readonly number[]): Promise<void> => {
      asked.push([...partitions]);
      return new Promise((resolve) => (giveUp = resolve));
    };
    const a = await binder.bindConsumer('t', 'g', { listener: { revoked } });
    const held = await drain(a);
    const b = await binder.bindConsumer('t', 'g');
    await settle();
    expect(asked).toHaveLength(1);
    const [partition] = asked[0]!;
    await a.ack(held.filter((delivery) => delivery.partition === partition).slice(0, 3));
    giveUp!();
    const [delivery] = await b.receive(10);
    expect([delivery!.partition, delivery!.offset, delivery!.redeliveries]).toEqual([partition, 3, 1]);
  });

  it('ignores acknowledgements of a partition that was taken away', async () => {
    const binder = await filled(2, 2);
    const a = await binder.bindConsumer('t', 'g', { listener: { revoked: () => new Promise(() => undefined) } });
    const held = await drain(a);
    const b = await binder.bindConsumer('t', 'g');
    await bench.clock.advance(10_001);
    await a.ack(held);
    const moved = await b.receive(10);
    expect(moved.map(({ offset }) => offset)).toEqual([0, 1]);
    expect(await b.lag()).toBe(2);
  });

  it('hands what a closed member left to the others, counted as handed out before', async () => {
    const binder = await filled(1, 3);
    const a = await binder.bindConsumer('t', 'g');
    const [first] = await a.receive(2);
    await a.ack([first!]);
    const b = await binder.bindConsumer('t', 'g');
    await a.close();
    expect((await b.receive(10)).map(({ offset, redeliveries }) => [offset, redeliveries])).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  it('begins where it is told, once', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t');
    await producer.send([message('a', { timestamp: 1000 }), message('b', { timestamp: 2000 }), message('c', { timestamp: 3000 })]);
    const starts = { latest: 'latest', early: 'earliest', at: { offset: 1 }, since: { time: 2500 } } as const;
    for (const [group, start] of Object.entries(starts)) await (await binder.bindConsumer('t', group, { start })).close();
    bench.restart();
    const later = await bench.client();
    await (await later.bindProducer('t')).send([message('d')]);
    const first = async (group: string) =>
      text((await (await later.bindConsumer('t', group, { start: 'earliest' })).receive(1))[0]!.payload);
    expect(await first('latest')).toBe('d');
    expect(await first('early')).toBe('a');
    expect(await first('at')).toBe('b');
    expect(await first('since')).toBe('c');
  });

  it('without a name sees what comes from now on and leaves nothing behind', async () => {
    const binder = await filled(1, 2);
    const consumer = await binder.bindConsumer('t', undefined);
    const producer = await binder.bindProducer('t');
    await producer.send([message('new')]);
    expect((await consumer.receive(10)).map(({ payload }) => text(payload))).toEqual(['new']);
    await consumer.close();
    expect((await binder.provisioner.describe('t'))!.groups).toEqual([]);
  });

  it('is moved by seek, also for members at work, whose old deliveries do not count any more', async () => {
    const binder = await filled(1, 4);
    const consumer = await binder.bindConsumer('t', 'g');
    const held = await consumer.receive(10);
    await binder.log.seek('t', 'g', new Map([[0, 1]]));
    await consumer.ack(held);
    expect((await consumer.receive(10)).map(({ offset }) => offset)).toEqual([1, 2, 3]);
    expect([...(await binder.log.committed('t', 'g'))]).toEqual([[0, 1]]);
  });

  it('waits after a take-over for former members before it gives their work to others', async () => {
    const before = await filled(1, 2);
    await (await before.bindConsumer('t', 'g')).receive(1);
    bench.restart(true);
    const consumer = await (await bench.client()).bindConsumer('t', 'g');
    const early = consumer.receive(1, 400);
    await bench.clock.advance(401);
    expect(await early).toEqual([]);
    const later = consumer.receive(1, 400);
    await bench.clock.advance(200);
    expect(await later).toHaveLength(1);
  });

  it('fails its members when the destination is deleted', async () => {
    const binder = await filled(1, 0);
    const consumer = await binder.bindConsumer('t', 'g');
    const waiting = consumer.receive(1);
    await binder.provisioner.delete('t');
    await expect(waiting).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
