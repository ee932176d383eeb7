import { expect, test } from 'vitest';
import { eventStream, type LogEvent, type Millrace, type EventStream } from '../../src/index.ts';
import { Reading, SlowReading } from '../fixtures.ts';
import { memoryBinder, override, runtimeOn } from '../support.ts';

const each = (_: unknown, index: number) => ({ partition: index, headers: { index } });

async function all<T>(mr: Millrace, stream: EventStream<T>): Promise<LogEvent<T>[]> {
  const events: LogEvent<T>[] = [];
  for await (const batch of mr.read(stream)) events.push(...batch);
  return events;
}

test('events go to the partition that Java would choose for their key', async () => {
  const mr = runtimeOn(memoryBinder());
  const stream = eventStream<{ id: string }>('orders', { key: ({ id }) => id, partitions: 12 });
  const ids = ['a', 'abc', 'customer-42', 'polygenelubricants', 'order:é'];
  const published = await Promise.all(ids.map((id) => mr.publish(stream, { id })));
  expect(published.map(({ partition }) => partition)).toEqual([1, 6, 7, 0, 3]);
  expect(new Set((await all(mr, stream)).map(({ key }) => key))).toEqual(new Set(ids));
});

test('a partition key of its own chooses the partition, the key stays the key', async () => {
  const mr = runtimeOn(memoryBinder());
  const stream = eventStream<{ id: string; region: number }>('orders', {
    key: ({ id }) => id,
    partitionKey: ({ region }) => region,
    partitions: 4,
  });
  expect(await mr.publish(stream, { id: 'x', region: 6 })).toEqual({ partition: 2, offset: 0 });
  const missing = eventStream<{ region?: number }>('orders', { partitionKey: ({ region }) => region, partitions: 4 });
  await expect(mr.publish(missing, {})).rejects.toMatchObject({ reason: 'PARTITION_KEY_MISSING' });
});

test('required groups miss nothing that was published before they subscribed', async () => {
  const mr = runtimeOn(memoryBinder());
  await mr.publish(eventStream<string>('orders', { requiredGroups: ['billing', 'audit'] }), 'first');
  const orders = eventStream<string>('orders');
  for (const [group, first] of [
    ['billing', 'first'],
    ['latecomers', 'second'],
  ] as const) {
    const seen: string[] = [];
    const subscription = await mr.subscribe(orders, { group, start: 'latest' }, (text) => void seen.push(text));
    await mr.publish(orders, 'second');
    await expect.poll(() => seen[0]).toBe(first);
    await subscription.close();
  }
});

test('bytes that are no text are spread by content, with one warning', async () => {
  const mr = runtimeOn(memoryBinder());
  const stream = eventStream<Uint8Array>('blobs', { partitionKey: (payload) => payload, partitions: 2 });
  const first = await mr.publish(stream, new Uint8Array([1, 2]));
  expect(await mr.publish(stream, new Uint8Array([1, 2]))).toMatchObject({ partition: first.partition });
  expect(mr.logged.filter((line) => line.includes('binary'))).toHaveLength(1);
});

test('a payload that does not match is refused and not sent', async () => {
  const mr = runtimeOn(memoryBinder());
  for (const schema of [Reading, SlowReading]) {
    const stream = eventStream('readings', { schema });
    await expect(mr.publish(stream, { sensor: 'a' } as Reading)).rejects.toMatchObject({ reason: 'SCHEMA_MISMATCH' });
    await expect(mr.publishAll(stream, [{ sensor: 'a', celsius: 1 }, {} as Reading])).rejects.toMatchObject({
      reason: 'SCHEMA_MISMATCH',
    });
    await mr.publish(stream, { sensor: 'b', celsius: 2 });
  }
  expect((await all(mr, eventStream<Reading>('readings'))).map(({ payload }) => payload.sensor)).toEqual(['b', 'b']);
});

test('publishes keep their order though a schema answers at its own pace', async () => {
  const mr = runtimeOn(memoryBinder());
  const stream = eventStream<number>('numbers', {
    schema: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          for (let pause = 0; pause < (Number(value) * 7) % 5; pause++) await Promise.resolve();
          return { value: Number(value) };
        },
      },
    },
  });
  await Promise.all(Array.from({ length: 50 }, (_, index) => mr.publish(stream, index)));
  expect((await all(mr, stream)).map(({ payload }) => payload)).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

test('publishAll gives one outcome per event and names those that failed', async () => {
  const mr = runtimeOn(memoryBinder());
  const stream = eventStream<{ n: number }>('numbers', { partitions: 2 });
  expect(await mr.publishAll(stream, [{ n: 0 }, { n: 1 }], { each })).toEqual([
    { partition: 0, offset: 0 },
    { partition: 1, offset: 0 },
  ]);
  await expect(mr.publishAll(stream, [{ n: 0 }, { n: 1 }, { n: 2 }], { each })).rejects.toMatchObject({
    reason: 'PUBLISH_INCOMPLETE',
    code: 'INVALID_ARGUMENT',
    details: { failed: [2], count: 1, total: 3 },
  });
  expect(await mr.publishAll(stream, [])).toEqual([]);
});

test('a function that fails for one payload fails that event only', async () => {
  const mr = runtimeOn(memoryBinder());
  const stream = eventStream<{ id: string | null }>('orders', { key: ({ id }) => id!.toUpperCase() });
  const outcome = mr.publishAll(stream, [{ id: 'a' }, { id: null }, { id: 'b' }]);
  await expect(outcome).rejects.toMatchObject({ details: { failed: [1] } });
  expect((await all(mr, stream)).map(({ key }) => key)).toEqual(['A', 'B']);
});

test('more than fits in memory at once waits for room', async () => {
  const mr = runtimeOn(memoryBinder());
  const stream = eventStream<Uint8Array>('blobs');
  const blobs = Array.from({ length: 50 }, (_, index) => new Uint8Array(1 << 20).fill(index));
  await mr.publishAll(stream, blobs);
  await Promise.all(blobs.map((blob) => mr.publish(stream, blob)));
  const firsts = (await all(mr, stream)).map(({ payload }) => payload[0]);
  expect(firsts).toEqual([...blobs.keys(), ...blobs.keys()]);
});

test('null is published as a tombstone', async () => {
  const mr = runtimeOn(memoryBinder());
  const stream = eventStream<{ id: string } | null>('orders', { schema: undefined, key: (payload) => payload?.id });
  await mr.publish(stream, null, { key: 'gone' });
  expect(await all(mr, stream)).toMatchObject([{ payload: null, key: 'gone' }]);
});

test('a destination is created as its definition says', async () => {
  const mr = runtimeOn(memoryBinder());
  await mr.publish(eventStream('short', { partitions: 3, retentionMs: 60_000 }), {});
  const { provisioner } = await mr.binder();
  expect(await provisioner.describe('short')).toMatchObject({ partitions: 3, retentionMs: 60_000 });
});

test('a binder that is away fails the publish, and works once it is back', async () => {
  const binder = memoryBinder();
  let away = true;
  const open: typeof binder.open = (listener) => (away ? Promise.reject(new Error('refused')) : binder.open(listener));
  const mr = runtimeOn(override(binder, { open, errorCode: () => 'UNAVAILABLE' }));
  const stream = eventStream('readings');
  await expect(mr.publish(stream, {})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  away = false;
  expect(await mr.publish(stream, {})).toMatchObject({ offset: 0 });
});

test('destinations are on the binder that the configuration or the definition names', async () => {
  const binders: Record<string, ReturnType<typeof memoryBinder>> = { a: memoryBinder(), b: memoryBinder(), c: memoryBinder() };
  const mr = runtimeOn(binders['a']!, {
    binders: (name) => Promise.resolve(binders[name]!),
    defaultBinder: 'a',
    destinations: { moved: 'b' },
  });
  for (const stream of [eventStream('plain'), eventStream('moved'), eventStream('own', { binder: 'c' })])
    await mr.publish(stream, {});
  for (const [name, destination] of Object.entries({ a: 'plain', b: 'moved', c: 'own' })) {
    const list = await (await mr.binder(name)).provisioner.list();
    expect(list.map((info) => info.name)).toEqual([destination]);
  }
});

test('a closed runtime refuses to publish and says so', async () => {
  const mr = runtimeOn(memoryBinder());
  await mr.close();
  await expect(mr.publish(eventStream('x'), {})).rejects.toMatchObject({ reason: 'RUNTIME_CLOSED' });
  await expect(mr.subscribe(eventStream('x'), {}, () => {})).rejects.toMatchObject({ reason: 'RUNTIME_CLOSED' });
});
