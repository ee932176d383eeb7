import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { idempotent, MemoryIdempotencyStore, RegionIdempotencyStore, type HandledMark } from '../../src/policies/idempotent.ts';
import type { RegionHandle } from '../../src/data-events/region-handle.ts';
import { gate } from '../support.ts';

const context = (id: string) => ({ id });

test('an id is handled once', async () => {
  const handled: string[] = [];
  const handler = idempotent(new MemoryIdempotencyStore(), (payload: string) => handled.push(payload));
  expect(await handler('one', context('a'))).toBe(1);
  expect(await handler('two', context('a'))).toBeUndefined();
  await handler('three', context('b'));
  expect(handled).toEqual(['one', 'three']);
});

test('a failure is not remembered', async () => {
  let tries = 0;
  const handler = idempotent(new MemoryIdempotencyStore(), () => {
    if (++tries === 1) throw new Error('not yet');
    return 'done';
  });
  await expect(handler('x', context('a'))).rejects.toThrow('not yet');
  expect(await handler('x', context('a'))).toBe('done');
});

test('duplicates that come while the first is being handled wait for it', async () => {
  const hold = gate();
  const outcomes: string[] = [];
  let calls = 0;
  const handler = idempotent(new MemoryIdempotencyStore(), async () => {
    if (++calls === 1) await hold.promise;
    return calls;
  });
  const all = ['first', 'second', 'third'].map(async (name) =>
    outcomes.push(`${name} ${String(await handler('x', context('a')))}`),
  );
  hold.resolve();
  await Promise.all(all);
  expect(calls).toBe(1);
  expect(outcomes.toSorted()).toEqual(['first 1', 'second undefined', 'third undefined']);
});

test('when the first fails a waiting duplicate is handled', async () => {
  const hold = gate();
  let calls = 0;
  const handler = idempotent(new MemoryIdempotencyStore(), async () => {
    calls++;
    if (calls > 1) return 'second';
    await hold.promise;
    throw new Error('first failed');
  });
  const first = handler('x', context('a'));
  const second = handler('x', context('a'));
  const expectation = expect(first).rejects.toThrow('first failed');
  hold.resolve();
  await expectation;
  expect(await second).toBe('second');
});

test('the memory store holds the last ids up to its limit, and at most as many again', () => {
  const store = new MemoryIdempotencyStore(10);
  for (let count = 0; count < 100; count++) {
    store.add(`${count}`);
    const known = Array.from({ length: count + 1 }, (_, id) => store.has(`${id}`));
    expect(known.slice(-10).every(Boolean)).toBe(true);
    expect(known.filter(Boolean).length).toBeLessThanOrEqual(20);
  }
});

test('the region store keeps a mark per id, with its time to live', async () => {
  const puts: unknown[] = [];
  const region = {
    getEntry: (key: string) => Promise.resolve(puts.some((put) => (put as unknown[])[0] === key) ? { key } : undefined),
    putIfAbsent: (...put: unknown[]) => Promise.resolve(puts.push(put) > 0),
  } as unknown as RegionHandle<HandledMark>;
  const store = new RegionIdempotencyStore(region, { timeToLiveMs: 1000, clock: new ManualClock(5) });
  expect(await store.has('a')).toBe(false);
  await store.add('a');
  expect(await store.has('a')).toBe(true);
  expect(puts).toEqual([['a', { handledAt: 5 }, { timeToLiveMs: 1000 }]]);
});
