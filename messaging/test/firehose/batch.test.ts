import { ManualClock } from '@millrace/core';
import { expect, test, vi } from 'vitest';
import { eventStream, type BatchOutcome, type SubscribeBatchOptions } from '../../src/index.ts';
import { Reading } from '../fixtures.ts';
import { gate, memoryBinder, runtimeOn, turn } from '../support.ts';

interface Event {
  readonly key: string;
  readonly n: number;
}
const events = eventStream<Event>('events', { key: ({ key }) => key });
const exact = { jitter: 0 } as const;
const named = (names: string) => names.split(' ').map((name) => ({ key: name[0]!, n: Number(name.slice(1)) }));

/** A batch subscription that records what it was given and answers as told. */
async function setUp(options: SubscribeBatchOptions, answer: (names: readonly string[], call: number) => BatchOutcome) {
  const clock = new ManualClock();
  const mr = runtimeOn(memoryBinder(), { clock });
  const batches: string[][] = [];
  const start = () =>
    mr.subscribeBatch(events, { group: 'g', retry: exact, ...options }, (items) => {
      const names = items.map(
        ({ payload, context }) => `${payload.key}${payload.n}${context.attempt > 1 ? `.${context.attempt}` : ''}`,
      );
      batches.push(names);
      return answer(names, batches.length);
    });
  return { clock, mr, batches, start };
}

test('what is there comes in batches of at most maxBatch, in order', async () => {
  const { mr, batches, start } = await setUp({ maxBatch: 3 }, () => {});
  await mr.publishAll(events, named('a0 b0 a1 b1 a2'));
  const subscription = await start();
  await vi.waitFor(() =>
    expect(batches).toEqual([
      ['a0', 'b0', 'a1'],
      ['b1', 'a2'],
    ]),
  );
  await vi.waitFor(async () => expect(await subscription.lag()).toBe(0));
  expect(subscription.health.handled).toBe(5);
});

test('a batch may wait to fill, and goes at once when it is full', async () => {
  const { clock, mr, batches, start } = await setUp({ maxBatch: 3, maxWaitMs: 500 }, () => {});
  await start();
  await mr.publishAll(events, named('a0 a1'));
  for (let turns = 0; turns < 20; turns++) await turn();
  await clock.advance(499);
  expect(batches).toEqual([]);
  await clock.advance(1);
  await vi.waitFor(() => expect(batches).toEqual([['a0', 'a1']]));
  await mr.publishAll(events, named('a2 a3 a4 a5'));
  await vi.waitFor(() =>
    expect(batches).toEqual([
      ['a0', 'a1'],
      ['a2', 'a3', 'a4'],
    ]),
  );
});

test('items answer for themselves: done, again, or parked', async () => {
  const { clock, mr, batches, start } = await setUp({ maxBatch: 10 }, (names) =>
    names.map((name) => (name === 'b0' ? { retry: new Error('busy') } : name === 'c0' ? { reject: 'unfit' } : undefined)),
  );
  await mr.publishAll(events, named('a0 b0 c0 d0'));
  const subscription = await start();
  await vi.waitFor(() => expect(subscription.health).toMatchObject({ handled: 2, failed: 2, parked: 1, inFlight: 1 }));
  await clock.advance(1000);
  await vi.waitFor(() => expect(batches).toEqual([['a0', 'b0', 'c0', 'd0'], ['b0.2']]));
  expect((await mr.parked.list()).map(({ cause }) => cause.message)).toEqual([
    expect.stringMatching(/'reject' for this event: unfit/),
  ]);
});

test('an item that is to be tried again holds back its own key only', async () => {
  const { clock, mr, batches, start } = await setUp({ maxBatch: 2 }, (names) =>
    names.map((name) => (name === 'a0' ? { retry: new Error('busy') } : undefined)),
  );
  await mr.publishAll(events, named('a0 b0 a1 b1 a2'));
  await start();
  await vi.waitFor(() => expect(batches).toEqual([['a0', 'b0'], ['b1']]));
  await clock.advance(1000);
  await vi.waitFor(() => expect(batches).toEqual([['a0', 'b0'], ['b1'], ['a0.2', 'a1'], ['a2']]));
});

test('when a batch fails as a whole, in the end only the culprit is parked', async () => {
  const { clock, mr, batches, start } = await setUp({ maxBatch: 10, retry: { ...exact, maxAttempts: 2 } }, (names) => {
    if (names.some((name) => name.startsWith('b0'))) throw new Error('poison');
  });
  await mr.publishAll(events, named('a0 b0 c0'));
  const subscription = await start();
  await vi.waitFor(() => expect(batches).toEqual([['a0', 'b0', 'c0']]));
  await clock.advance(1000);
  await vi.waitFor(() => expect(subscription.health).toMatchObject({ handled: 2, parked: 1, inFlight: 0 }));
  expect(batches.slice(1)).toEqual([['a0.2', 'b0.2', 'c0.2'], ['a0.2'], ['b0.2'], ['c0.2']]);
  expect((await mr.parked.list()).map(({ key, attempts }) => [key, attempts])).toEqual([['b', 2]]);
});

test('an item that cannot be read is parked, the others come without it', async () => {
  const mr = runtimeOn(memoryBinder());
  const seen: unknown[] = [];
  const raw = eventStream('readings');
  await mr.publishAll(raw, [{ sensor: 'a', celsius: 1 }, { sensor: 5 }, { sensor: 'b', celsius: 2 }]);
  const subscription = await mr.subscribeBatch(eventStream('readings', { schema: Reading }), { group: 'g' }, (items) => {
    seen.push(items.map(({ payload }) => payload.sensor));
  });
  await vi.waitFor(() => expect(seen).toEqual([['a', 'b']]));
  await vi.waitFor(() => expect(subscription.health).toMatchObject({ handled: 2, parked: 1 }));
});

test('partitions have their batches at the same time, each one at a time', async () => {
  const mr = runtimeOn(memoryBinder());
  const wide = eventStream<number>('wide', { partitions: 3 });
  const holds = [gate(), gate(), gate()];
  const begun: number[] = [];
  await mr.publishAll(wide, [0, 1, 2, 0, 1, 2], { each: (partition) => ({ partition }) });
  await mr.subscribeBatch(wide, { group: 'g', maxBatch: 1 }, async ([item]) => {
    begun.push(item!.payload);
    await holds[item!.payload]!.promise;
  });
  await vi.waitFor(() => expect(begun.toSorted((a, b) => a - b)).toEqual([0, 1, 2]));
  holds[1]!.resolve();
  await vi.waitFor(() => expect(begun.toSorted((a, b) => a - b)).toEqual([0, 1, 1, 2]));
  for (const hold of holds) hold.resolve();
  await vi.waitFor(() => expect(begun).toHaveLength(6));
});

test('closing finishes the batch that runs and gives back the others', async () => {
  const binder = memoryBinder();
  const [first, second] = [runtimeOn(binder), runtimeOn(binder)];
  await first.publishAll(events, named('a0 a1 a2 a3'));
  const hold = gate();
  const seen: number[] = [];
  const subscription = await first.subscribeBatch(events, { group: 'g', maxBatch: 2 }, async (items) => {
    await hold.promise;
    seen.push(...items.map(({ payload }) => payload.n));
  });
  await vi.waitFor(() => expect(subscription.health.inFlight).toBe(4));
  const closing = subscription.close();
  hold.resolve();
  await closing;
  expect(seen).toEqual([0, 1]);
  await second.subscribeBatch(events, { group: 'g' }, (items) => void seen.push(...items.map(({ payload }) => payload.n)));
  await vi.waitFor(() => expect(seen).toEqual([0, 1, 2, 3]));
});
