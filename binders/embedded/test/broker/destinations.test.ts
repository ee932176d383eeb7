import { beforeEach, describe, expect, it } from 'vitest';
import { Bench, message, text } from '../support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('the provisioner', () => {
  it('creates, describes and lists destinations of every kind, also after a restart', async () => {
    const { provisioner } = await bench.client();
    await provisioner.ensure('t', { partitions: 3, retentionMs: 1000 });
    await provisioner.ensure('q', { kind: 'queue' });
    await provisioner.ensure('r', { kind: 'region' });
    bench.restart();
    const again = (await bench.client()).provisioner;
    expect(await again.describe('t')).toMatchObject({
      name: 't',
      kind: 'log',
      partitions: 3,
      retentionMs: 1000,
      count: 0,
      groups: [],
    });
    expect((await again.list()).map(({ name, kind }) => [name, kind])).toEqual([
      ['t', 'log'],
      ['q', 'queue'],
      ['r', 'region'],
    ]);
    expect(await again.describe('x')).toBeUndefined();
  });

  it('names the difference to what is there', async () => {
    const { provisioner } = await bench.client();
    await provisioner.ensure('t', { partitions: 3, retentionMs: 1000 });
    expect((await provisioner.ensure('t', { partitions: 3 })).partitions).toBe(3);
    await expect(provisioner.ensure('t', { partitions: 4 })).rejects.toThrow('partitions 3, not 4');
    await expect(provisioner.ensure('t', { kind: 'queue' })).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await expect(provisioner.ensure('t', { retentionMs: 5 })).rejects.toThrow('retentionMs');
    await expect(provisioner.ensure('', {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(provisioner.ensure('u', { partitions: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('deletes a destination with all that belongs to it', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t');
    await producer.send([message('old')]);
    await (await binder.bindConsumer('t', 'g')).close();
    await binder.provisioner.delete('t');
    expect((await producer.send([message('x')]))[0]!.error).toMatchObject({ code: 'NOT_FOUND' });
    await expect(binder.provisioner.delete('t')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await (await binder.bindProducer('t')).send([message('new')]);
    bench.restart();
    const again = await bench.client();
    expect((await again.log.read('t', 0, 0)).messages.map(({ payload }) => text(payload))).toEqual(['new']);
    expect(await again.log.committed('t', 'g')).toEqual(new Map());
  });

  it('keeps the kinds apart', async () => {
    const binder = await bench.client();
    await binder.bindProducer('t');
    await expect(binder.queue.consume('t')).rejects.toMatchObject({ reason: 'DESTINATION_KIND' });
    await expect(binder.region.open('t')).rejects.toMatchObject({ reason: 'DESTINATION_KIND' });
    await binder.provisioner.ensure('q', { kind: 'queue' });
    await expect(binder.bindConsumer('q', 'g')).rejects.toMatchObject({ reason: 'DESTINATION_KIND' });
  });
});

describe('reading a log', () => {
  it('gives bounds, slices and offsets by time', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t');
    for (let i = 0; i < 3; i++)
      await producer.send([message(`${i}a`, { timestamp: i * 100 }), message(`${i}b`, { timestamp: i * 100 + 50 })]);
    expect(await binder.log.partitions('t')).toEqual([{ partition: 0, earliest: 0, next: 6 }]);
    const slice = await binder.log.read('t', 0, 3, { maxBytes: 1 });
    expect([slice.messages.map(({ offset }) => offset), slice.next]).toEqual([[3], 4]);
    const offsets = await Promise.all([0, 50, 51, 250, 251].map((time) => binder.log.offsetAt('t', 0, time)));
    expect(offsets).toEqual([0, 1, 2, 5, 6]);
    await expect(binder.log.read('none', 0, 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('waits for more at the end, as long as it is told to', async () => {
    const binder = await bench.client();
    const producer = await binder.bindProducer('t');
    expect(await binder.log.read('t', 0, 0)).toEqual({ messages: [], next: 0 });
    const waiting = binder.log.read('t', 0, 0, { waitMs: 100 });
    await producer.send([message('a')]);
    expect((await waiting).messages).toHaveLength(1);
    const empty = binder.log.read('t', 0, 1, { waitMs: 100 });
    await bench.clock.advance(100);
    expect(await empty).toEqual({ messages: [], next: 1 });
    const abort = new AbortController();
    const aborted = binder.log.read('t', 0, 1, { waitMs: 100, signal: abort.signal });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('goes on at the earliest message that retention kept', async () => {
    const binder = await bench.client();
    await binder.provisioner.ensure('t', { retentionMs: 1000 });
    const producer = await binder.bindProducer('t');
    await producer.send([message('old')]);
    await bench.clock.advance(5000);
    await producer.send([message('new')]);
    await bench.clock.advance(1000);
    expect((await binder.log.read('t', 0, 0)).messages.map(({ payload }) => text(payload))).toEqual(['new']);
    const consumer = await binder.bindConsumer('t', 'g');
    expect((await consumer.receive(1)).map(({ offset }) => offset)).toEqual([1]);
  });

  it('reads on over what compaction emptied', async () => {
    const binder = await bench.client();
    await binder.provisioner.ensure('t', { compact: true });
    const producer = await binder.bindProducer('t');
    for (let i = 0; i < 5; i++) await producer.send([message(String(i), { key: 'k' })]);
    await bench.clock.advance(1000);
    expect((await binder.log.read('t', 0, 0)).messages.map(({ payload }) => text(payload))).toEqual(['4']);
    const consumer = await binder.bindConsumer('t', 'g');
    expect((await consumer.receive(10)).map(({ offset }) => offset)).toEqual([4]);
  });
});
