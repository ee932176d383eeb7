import { expect, it } from 'vitest';
import { Batcher, type BatcherOptions } from '../../src/policies/batcher.ts';

function setUp(options: Partial<BatcherOptions<number>> = {}) {
  const batches: (readonly number[])[] = [];
  const finish: (() => void)[] = [];
  const flush = (batch: readonly number[]): Promise<void> => {
    batches.push(batch);
    return new Promise((resolve) => finish.push(resolve));
  };
  const batcher = new Batcher(flush, { maxBatch: 3, maxInFlight: 1, ...options });
  return { batcher, batches, finish };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('flushes what is added in one turn together, up to the size of a batch', async () => {
  const { batcher, batches } = setUp({ maxInFlight: 5 });
  for (const item of [1, 2, 3, 4]) batcher.add(item);
  expect(batches).toEqual([]);
  await turn();
  expect(batches).toEqual([[1, 2, 3], [4]]);
});

it('collects what comes while as many batches are under way as may be', async () => {
  const { batcher, batches, finish } = setUp();
  batcher.add(1);
  await turn();
  batcher.add(2);
  await turn();
  batcher.add(3);
  await turn();
  expect(batches).toEqual([[1]]);
  finish[0]!();
  await turn();
  expect(batches).toEqual([[1], [2, 3]]);
});

it('takes those into the next batch whom the last one resumed', async () => {
  const { batcher, batches, finish } = setUp();
  batcher.add(1);
  await turn();
  batcher.add(2);
  void Promise.resolve()
    .then(() => finish[0]!())
    .then(() => batcher.add(3));
  await turn();
  expect(batches).toEqual([[1], [2, 3]]);
});

it('limits the bytes of a batch, but takes one item of any size', async () => {
  const { batcher, batches } = setUp({ maxInFlight: 9, maxBytes: 10, weigh: (item) => item });
  for (const item of [4, 6, 1, 99, 2]) batcher.add(item);
  await turn();
  expect(batches).toEqual([[4, 6], [1], [99], [2]]);
});

it('has no room while too much waits', async () => {
  const { batcher, finish } = setUp({ maxWaiting: 2 });
  let hasRoom = false;
  batcher.add(0);
  await turn();
  batcher.add(1);
  expect(batcher.hasRoom).toBe(true);
  batcher.add(2);
  expect(batcher.hasRoom).toBe(false);
  void batcher.room().then(() => (hasRoom = true));
  await turn();
  expect(hasRoom).toBe(false);
  finish[0]!();
  await turn();
  expect(hasRoom).toBe(true);
});

it('is idle when nothing waits and nothing is under way', async () => {
  const { batcher, finish } = setUp();
  let idle = 0;
  await batcher.idle();
  batcher.add(1);
  await turn();
  batcher.add(2);
  void batcher.idle().then(() => idle++);
  finish[0]!();
  await turn();
  expect(idle).toBe(0);
  finish[1]!();
  await turn();
  expect(idle).toBe(1);
});
