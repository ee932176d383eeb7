import { beforeEach, describe, expect, it } from 'vitest';
import { Bench, message, settle, text } from '../support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('a transaction', () => {
  it('makes produced messages visible and consumed ones done together', async () => {
    const binder = await bench.client();
    await (await binder.bindProducer('in')).send([message('a'), message('b')]);
    const consumer = await binder.bindConsumer('in', 'g');
    const deliveries = await consumer.receive(10);
    const produced = [
      { destination: 'out', messages: [message('A'), message('B')] },
      { destination: 'log', messages: [message('done')] },
    ];
    await binder.transactions.commit({ consumed: [{ binding: consumer, deliveries }], produced });
    bench.restart();
    const again = await bench.client();
    const read = async (name: string) => (await again.log.read(name, 0, 0)).messages.map(({ payload }) => text(payload));
    expect(await read('out')).toEqual(['A', 'B']);
    expect(await read('log')).toEqual(['done']);
    expect([...(await again.log.committed('in', 'g'))]).toEqual([[0, 2]]);
  });

  it('does nothing when a consumed partition belongs to another by now', async () => {
    const binder = await bench.client();
    await (await binder.bindProducer('in')).send([message('a')]);
    await binder.bindProducer('out');
    const zombie = await binder.bindConsumer('in', 'g', { listener: { revoked: () => new Promise(() => undefined) } });
    const deliveries = await zombie.receive(10);
    const heir = await binder.bindConsumer('in', 'g', { assignment: { index: 0, count: 1 } });
    await bench.clock.advance(10_001);
    const taken = await heir.receive(10);
    const produced = [{ destination: 'out', messages: [message('A')] }];
    const late = binder.transactions.commit({ consumed: [{ binding: zombie, deliveries }], produced });
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await binder.log.read('out', 0, 0)).messages).toEqual([]);
    await binder.transactions.commit({ consumed: [{ binding: heir, deliveries: taken }], produced });
    expect((await binder.log.read('out', 0, 0)).messages).toHaveLength(1);
    expect(await heir.lag()).toBe(0);
  });

  it('does nothing when one message cannot be sent', async () => {
    const binder = await bench.client();
    await (await binder.bindProducer('in')).send([message('a')]);
    const consumer = await binder.bindConsumer('in', 'g');
    const deliveries = await consumer.receive(10);
    const produced = [{ destination: 'out', messages: [message('A'), message('B', { partition: 3 })] }];
    await expect(binder.transactions.commit({ consumed: [{ binding: consumer, deliveries }], produced })).rejects.toMatchObject({
      reason: 'PARTITION_UNKNOWN',
    });
    expect(await consumer.lag()).toBe(1);
    expect((await binder.log.read('out', 0, 0)).messages).toEqual([]);
  });

  it('processes each message once however often the broker dies', async () => {
    const source = await bench.client();
    await (await source.bindProducer('in')).send(Array.from({ length: 100 }, (_, i) => message(String(i))));
    for (let round = 0; round < 40; round++) {
      const binder = await bench.client();
      const consumer = await binder.bindConsumer('in', 'g', { maxInFlight: 7 });
      const first = consumer.receive(7, 1);
      await settle();
      await bench.clock.advance(1);
      const deliveries = await first;
      const produced = [{ destination: 'out', messages: deliveries.map(({ payload }) => ({ payload, headers: {} })) }];
      const commit = binder.transactions.commit({ consumed: [{ binding: consumer, deliveries }], produced });
      // Every third time it dies in the middle of it all.
      if (round % 3 !== 0) await commit;
      bench.restart();
      await commit.catch((error: unknown) => expect(error).toMatchObject({ code: 'INTERNAL' }));
    }
    const { messages } = await (await bench.client()).log.read('out', 0, 0, { maxBytes: 1e6 });
    expect(messages.map(({ payload }) => Number(text(payload)))).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
