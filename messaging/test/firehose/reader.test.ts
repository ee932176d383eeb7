import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { eventStream, type EventStream, type Millrace, type ReadRange } from '../../src/index.ts';
import { memoryBinder, override, runtimeOn, turn } from '../support.ts';

const numbers = eventStream<number>('numbers', { partitions: 2 });

async function read(mr: Millrace, stream: EventStream<number>, range?: ReadRange): Promise<number[][]> {
  const byPartition: number[][] = [];
  for await (const batch of mr.read(stream, range)) {
    for (const { partition, payload } of batch) (byPartition[partition] ??= []).push(payload);
  }
  return byPartition;
}

/** 0, 2, 4 … in partition 0 and 1, 3, 5 … in partition 1, one a second. */
async function filled(count = 10) {
  const clock = new ManualClock(0);
  const mr = runtimeOn(memoryBinder(clock), { clock });
  const payloads = Array.from({ length: count }, (_, index) => index);
  await mr.publishAll(numbers, payloads, { each: (n) => ({ partition: n % 2, timestamp: n * 1000 }) });
  return mr;
}

test('reads everything that is there, in the order of each partition, and ends', async () => {
  expect(await read(await filled(), numbers)).toEqual([
    [0, 2, 4, 6, 8],
    [1, 3, 5, 7, 9],
  ]);
});

test.each<[string, ReadRange, number[][]]>([
  [
    'offsets',
    { from: 1, to: 3 },
    [
      [2, 4],
      [3, 5],
    ],
  ],
  ['times', { from: new Date(3000), to: new Date(6000) }, [[4], [3, 5]]],
  ['partitions', { partitions: [1], from: 3 }, [[], [7, 9]]],
  [
    'an offset for each partition',
    { from: new Map([[0, 3]]) },
    [
      [6, 8],
      [1, 3, 5, 7, 9],
    ],
  ],
  ['the end', { from: 'latest' }, []],
  ['an end in the future', { from: 4, to: new Date(1e12) }, [[8], [9]]],
  ['nothing', { from: 3, to: 3 }, []],
])('reads a stretch by %s', async (_, range, expected) => {
  const found = await read(await filled(), numbers, range);
  expect(Array.from(found, (list) => list ?? [])).toEqual(expected);
});

test('events know their place and their id', async () => {
  const mr = await filled(1);
  for await (const batch of mr.read(numbers)) {
    expect(batch).toEqual([expect.objectContaining({ partition: 0, offset: 0, id: 'numbers/0/0', timestamp: 0, payload: 0 })]);
  }
});

test('following never ends by itself and sees what comes', async () => {
  const mr = await filled(2);
  const seen: number[] = [];
  for await (const batch of mr.read(numbers, { to: 'follow' })) {
    seen.push(...batch.map(({ payload }) => payload));
    if (seen.length === 2) void mr.publish(numbers, 7, { partition: 1 });
    if (seen.includes(7)) break;
  }
  expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 7]);
});

test('reading is cancelled by its signal', async () => {
  const mr = await filled(1);
  const controller = new AbortController();
  const reading = read(mr, numbers, { to: 'follow', signal: controller.signal });
  const expectation = expect(reading).rejects.toMatchObject({ code: 'CANCELLED', reason: 'READ_CANCELLED' });
  await turn();
  controller.abort();
  await expectation;
});

test('an event that cannot be read is named with its place', async () => {
  const mr = runtimeOn(memoryBinder());
  const raw = eventStream<string>('raw', { contentType: 'application/json' });
  await mr.publishAll(raw, ['1', '{"broken', '3']);
  const reading = read(mr, eventStream<number>('raw'));
  await expect(reading).rejects.toMatchObject({
    reason: 'EVENT_UNREADABLE',
    code: 'INVALID_ARGUMENT',
    details: { partition: 0, offset: 1 },
  });
});

test('a binder without a log cannot be read, and a destination that is not there neither', async () => {
  const binder = memoryBinder();
  await expect(read(runtimeOn(override(binder, { log: undefined })), numbers)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await expect(read(runtimeOn(binder), eventStream<number>('nowhere'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a partition that is not there is refused', async () => {
  await expect(read(await filled(), numbers, { partitions: [5] })).rejects.toMatchObject({ reason: 'NO_SUCH_PARTITION' });
});
