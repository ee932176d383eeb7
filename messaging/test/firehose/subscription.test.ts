import { ManualClock, MillraceError } from '@millrace/core';
import { expect, test, vi } from 'vitest';
import { eventStream, reject, type EventContext, type SubscribeOptions } from '../../src/index.ts';
import { Reading } from '../fixtures.ts';
import { gate, memoryBinder, override, runtimeOn, turn } from '../support.ts';

interface Event {
  readonly key: string;
  readonly n: number;
}
const events = eventStream<Event>('events', { key: ({ key }) => key, partitions: 2 });
const ordered = (key: string, count: number) => Array.from({ length: count }, (_, n) => ({ key, n }));
/** Without randomness in pauses, so that a manual clock can hit them. */
const exact = { jitter: 0 } as const;

test('events of a key are handled in order though handlers take their time, and keys concurrently', async () => {
  const mr = runtimeOn(memoryBinder());
  const seen = new Map<string, number[]>();
  let running = 0;
  let most = 0;
  const keys = ['a', 'b', 'c', 'd', 'e'];
  const subscription = await mr.subscribe(events, { group: 'g' }, async ({ key, n }) => {
    most = Math.max(most, ++running);
    for (let pause = 0; pause < (n * 3) % 4; pause++) await turn();
    seen.set(key, [...(seen.get(key) ?? []), n]);
    running--;
  });
  await mr.publishAll(
    events,
    keys.flatMap((key) => ordered(key, 40)),
  );
  await vi.waitFor(() => expect(subscription.health.handled).toBe(200));
  for (const key of keys) expect(seen.get(key)).toEqual(ordered(key, 40).map(({ n }) => n));
  expect(most).toBeGreaterThan(1);
});

test('a failing event is tried again after its pauses and holds back its own key only', async () => {
  const clock = new ManualClock();
  const mr = runtimeOn(memoryBinder(), { clock });
  const seen: string[] = [];
  await mr.subscribe(events, { group: 'g', retry: exact }, ({ key, n }, { attempt }) => {
    seen.push(`${key}${n}.${attempt}`);
    if (key === 'a' && n === 0 && attempt < 3) throw new Error('not yet');
  });
  await mr.publishAll(events, [...ordered('a', 2), ...ordered('b', 2), ...ordered('c', 2)]);
  await vi.waitFor(() => expect(seen.toSorted()).toEqual(['a0.1', 'b0.1', 'b1.1', 'c0.1', 'c1.1']));
  seen.length = 0;
  await clock.advance(999);
  expect(seen).toEqual([]);
  await clock.advance(1);
  expect(seen).toEqual(['a0.2']);
  await clock.advance(2000);
  await vi.waitFor(() => expect(seen).toEqual(['a0.2', 'a0.3', 'a1.1']));
});

test('after the last try an event is parked with cause, attempts and origin, and its key goes on', async () => {
  const clock = new ManualClock();
  const mr = runtimeOn(memoryBinder(), { clock });
  const handled: number[] = [];
  const subscription = await mr.subscribe(
    events,
    { group: 'g', retry: { ...exact, maxAttempts: 2, delayed: [60_000] } },
    ({ n }) => {
      if (n === 1) throw new TypeError('cannot read it', { cause: new Error('deep') });
      handled.push(n);
    },
  );
  await mr.publishAll(events, ordered('a', 3));
  await vi.waitFor(() => expect(handled).toEqual([0]));
  await clock.advance(1000);
  expect(subscription.health.parked).toBe(0);
  await clock.advance(60_000);
  await vi.waitFor(() => expect(handled).toEqual([0, 2]));
  expect(subscription.health).toMatchObject({ status: 'up', handled: 2, failed: 3, parked: 1 });
  const [parked] = await mr.parked.list();
  expect(parked).toMatchObject({
    destination: 'events',
    group: 'g',
    kind: 'event',
    key: 'a',
    attempts: 3,
    cause: { type: 'TypeError', message: 'cannot read it; deep', stack: expect.stringContaining('TypeError') },
    origin: { partition: 1, offset: 1 },
  });
  expect(JSON.parse(Buffer.from(parked!.payload!).toString())).toEqual({ key: 'a', n: 1 });
});

test.each([
  ['a rejection', {}, () => reject('no such seat')],
  ['an invalid argument', {}, () => new MillraceError('bad', { code: 'INVALID_ARGUMENT', reason: 'X' })],
  ['what classify rejects', { classify: () => 'reject' as const }, () => new Error('fatal')],
])('%s is parked at the first try', async (_, retry, error) => {
  const mr = runtimeOn(memoryBinder());
  const subscription = await mr.subscribe(events, { group: 'g', retry }, () => {
    throw error();
  });
  await mr.publish(events, { key: 'a', n: 1 });
  await vi.waitFor(() => expect(subscription.health).toMatchObject({ parked: 1, failed: 1 }));
});

test('an event that cannot be read or does not match its schema is parked without its handler', async () => {
  const mr = runtimeOn(memoryBinder());
  const handled: unknown[] = [];
  const subscription = await mr.subscribe(
    eventStream('readings', { schema: Reading }),
    { group: 'g' },
    (reading) => void handled.push(reading),
  );
  const raw = eventStream<string>('readings', { contentType: 'application/json' });
  await mr.publishAll(raw, ['{"sensor":', '{"sensor":"a"}', '{"sensor":"a","celsius":5}']);
  await vi.waitFor(() => expect(handled).toEqual([{ sensor: 'a', celsius: 5 }]));
  await vi.waitFor(() => expect(subscription.health.parked).toBe(2));
  const causes = (await mr.parked.list()).map(({ cause }) => [cause.code, cause.message]);
  expect(causes).toEqual([
    ['INVALID_ARGUMENT', expect.stringContaining('cannot be read')],
    ['INVALID_ARGUMENT', expect.stringContaining('celsius: must be a number')],
  ]);
});

test('with onFailure skip a failed event is counted and logged, and nothing is parked', async () => {
  const mr = runtimeOn(memoryBinder());
  const handled: number[] = [];
  await mr.subscribe(events, { group: 'g', onFailure: 'skip', retry: { maxAttempts: 1 } }, ({ n }) => {
    if (n === 0) throw new Error('broken');
    handled.push(n);
  });
  await mr.publishAll(events, ordered('a', 2));
  await vi.waitFor(() => expect(handled).toEqual([1]));
  expect(mr.metrics()).toContain('millrace_skipped_total{kind="event",destination="events",group="g"} 1');
  expect(mr.logged).toContainEqual(expect.stringMatching(/^error: skipped an event of 'events' that failed: broken/));
  expect(await mr.parked.summary()).toEqual([]);
});

test('while the dead-letter destination takes nothing a failed event stays unacknowledged, and health says so', async () => {
  const clock = new ManualClock();
  const binder = memoryBinder();
  let refused = 3;
  const park: NonNullable<typeof binder.parking>['park'] = (deadLetter, messages) =>
    refused-- > 0 ? Promise.reject(new Error('disk full')) : binder.parking!.park(deadLetter, messages);
  const faulty = override(binder, {
    get parking() {
      return override(binder.parking!, { park });
    },
  });
  const mr = runtimeOn(faulty, { clock });
  const subscription = await mr.subscribe(events, { group: 'g', retry: { maxAttempts: 1 } }, () => {
    throw new Error('broken');
  });
  await mr.publish(events, { key: 'a', n: 0 });
  await vi.waitFor(() =>
    expect(subscription.health).toMatchObject({ status: 'recovering', inFlight: 1, error: { reason: 'NOT_PARKED' } }),
  );
  expect(mr.health().status).toBe('down');
  expect(await subscription.lag()).toBe(1);
  await clock.advance(10_000);
  await vi.waitFor(() => expect(subscription.health).toMatchObject({ status: 'up', inFlight: 0, parked: 1, failed: 1 }));
  await vi.waitFor(async () => expect(await subscription.lag()).toBe(0));
});

test('only the finished contiguous prefix is committed', async () => {
  const binder = memoryBinder();
  const mr = runtimeOn(binder);
  const single = eventStream<Event>('single', { key: ({ key }) => key });
  const slow = gate();
  const handled: string[] = [];
  await mr.subscribe(single, { group: 'g' }, async ({ key }) => {
    if (key === 'slow') await slow.promise;
    handled.push(key);
  });
  await mr.publishAll(
    single,
    ['a', 'slow', 'b', 'c'].map((key) => ({ key, n: 0 })),
  );
  await vi.waitFor(() => expect(handled).toEqual(['a', 'b', 'c']));
  await vi.waitFor(async () => expect(await binder.log!.committed('single', 'g')).toEqual(new Map([[0, 1]])));
  slow.resolve();
  await vi.waitFor(async () => expect(await binder.log!.committed('single', 'g')).toEqual(new Map([[0, 4]])));
});

test('groups each get all, members of a group share', async () => {
  const binder = memoryBinder();
  const [one, two] = [runtimeOn(binder), runtimeOn(binder)];
  const seen: Record<string, number[]> = { shared1: [], shared2: [], own: [] };
  const record =
    (name: string) =>
    ({ n }: Event) =>
      void seen[name]!.push(n);
  await one.subscribe(events, { group: 'shared' }, record('shared1'));
  await two.subscribe(events, { group: 'shared' }, record('shared2'));
  await two.subscribe(events, { group: 'own' }, record('own'));
  const all = Array.from({ length: 40 }, (_, n) => ({ key: `k${n}`, n }));
  await one.publishAll(events, all);
  await vi.waitFor(() => expect(seen['own']).toHaveLength(40));
  await vi.waitFor(() =>
    expect([...seen['shared1']!, ...seen['shared2']!].toSorted((a, b) => a - b)).toEqual(all.map(({ n }) => n)),
  );
  expect(seen['shared1']!.length).toBeGreaterThan(0);
  expect(seen['shared2']!.length).toBeGreaterThan(0);
});

test('a subscription begins where it is told, and a group goes on where it was', async () => {
  const mr = runtimeOn(memoryBinder());
  const single = eventStream<number>('single');
  await mr.publishAll(single, [0, 1, 2, 3]);
  const seen: Record<string, number[]> = {};
  const subscribe = async (name: string, options: SubscribeOptions) => {
    seen[name] = [];
    return mr.subscribe(single, options, (n) => void seen[name]!.push(n));
  };
  await subscribe('earliest', { group: 'earliest' });
  await subscribe('latest', { group: 'latest', start: 'latest' });
  await subscribe('offset', { group: 'offset', start: { offset: 2 } });
  await subscribe('anonymous', {});
  const first = await subscribe('first', { group: 'again' });
  await vi.waitFor(() => expect(seen['first']).toEqual([0, 1, 2, 3]));
  await first.close();
  await subscribe('second', { group: 'again', start: 'earliest' });
  await mr.publish(single, 4);
  await vi.waitFor(() =>
    expect(seen).toEqual({
      earliest: [0, 1, 2, 3, 4],
      latest: [4],
      offset: [2, 3, 4],
      anonymous: [4],
      first: [0, 1, 2, 3],
      second: [4],
    }),
  );
});

test('a paused subscription begins nothing until it is resumed', async () => {
  const mr = runtimeOn(memoryBinder());
  const seen: number[] = [];
  const subscription = await mr.subscribe(events, { group: 'g' }, ({ n }) => void seen.push(n));
  subscription.pause();
  expect(subscription.health.status).toBe('paused');
  await mr.publishAll(events, ordered('a', 3));
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(seen).toEqual([]);
  expect(mr.health().status).toBe('up');
  subscription.resume();
  await vi.waitFor(() => expect(seen).toEqual([0, 1, 2]));
});

test('fetches no more than maxInFlight, runs no more than concurrency', async () => {
  const mr = runtimeOn(memoryBinder());
  const hold = gate();
  let running = 0;
  let most = 0;
  const subscription = await mr.subscribe(events, { group: 'g', maxInFlight: 10, concurrency: 3 }, async () => {
    most = Math.max(most, ++running);
    await hold.promise;
    running--;
  });
  await mr.publishAll(
    events,
    Array.from({ length: 100 }, (_, n) => ({ key: `k${n}`, n })),
  );
  await vi.waitFor(() => expect(subscription.health.inFlight).toBe(10));
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(subscription.health.inFlight).toBe(10);
  hold.resolve();
  await vi.waitFor(() => expect(subscription.health.handled).toBe(100));
  expect(most).toBe(3);
});

test('a key held back for long stops its partition only when the window is full', async () => {
  const clock = new ManualClock();
  const mr = runtimeOn(memoryBinder(), { clock });
  let failing = true;
  const handled = new Set<string>();
  await mr.subscribe(
    events,
    { group: 'g', maxInFlight: 20, retry: { ...exact, maxAttempts: 1, delayed: [600_000] } },
    ({ key, n }) => {
      if (key === 'stuck' && failing) throw new Error('later');
      handled.add(`${key}${n}`);
    },
  );
  const others = Array.from({ length: 400 }, (_, n) => ({ key: `k${n}`, n }));
  const { partition } = await mr.publish(events, { key: 'stuck', n: 0 });
  const published = await mr.publishAll(events, others);
  const same = published.filter((place) => place.partition === partition).length;
  expect(same).toBeGreaterThan(120);
  await vi.waitFor(() => expect(handled.size).toBeGreaterThanOrEqual(400 - same + 80));
  for (let turns = 0; turns < 50; turns++) await turn();
  // All of the other partition, and of this one as much as the window holds.
  expect(handled.size).toBeLessThan(400 - same + 80 + 25);
  failing = false;
  await clock.advance(600_000);
  await vi.waitFor(() => expect(handled.size).toBe(401));
});

test('closing finishes what runs and what came before it, gives back the rest, and nothing is handled twice', async () => {
  const binder = memoryBinder();
  const single = eventStream<Event>('single', { key: ({ key }) => key });
  const [first, second] = [runtimeOn(binder), runtimeOn(binder)];
  const handled: string[] = [];
  const hold = gate();
  const handle = async ({ key, n }: Event) => {
    if (key === 'slow') await hold.promise;
    handled.push(`${key}${n}`);
  };
  const subscription = await first.subscribe(single, { group: 'g', concurrency: 2 }, handle);
  const payloads = [
    { key: 'slow', n: 0 },
    { key: 'a', n: 0 },
    { key: 'slow', n: 1 },
    { key: 'a', n: 1 },
    { key: 'slow', n: 2 },
    { key: 'b', n: 0 },
  ];
  await first.publishAll(single, payloads);
  await vi.waitFor(() => expect(handled).toContain('b0'));
  const closing = subscription.close();
  hold.resolve();
  await closing;
  const before = handled.length;
  await second.subscribe(single, { group: 'g' }, handle);
  await second.publish(single, { key: 'end', n: 0 });
  await vi.waitFor(() => expect(handled).toContain('end0'));
  expect(before).toBe(6);
  expect(handled.toSorted()).toEqual(['a0', 'a1', 'b0', 'end0', 'slow0', 'slow1', 'slow2']);
});

test('at the deadline of closing handlers are told to stop and their events come again', async () => {
  const binder = memoryBinder();
  const mr = runtimeOn(binder);
  let signal: AbortSignal | undefined;
  const subscription = await mr.subscribe(events, { group: 'g' }, (_, context) => {
    signal = context.signal;
    return new Promise(() => {});
  });
  await mr.publish(events, { key: 'a', n: 7 });
  await vi.waitFor(() => expect(signal).toBeDefined());
  await subscription.close({ deadlineMs: 20 });
  expect(signal!.aborted).toBe(true);
  expect(subscription.health.status).toBe('closed');
  const again: number[] = [];
  await runtimeOn(binder).subscribe(events, { group: 'g' }, ({ n }) => void again.push(n));
  await vi.waitFor(() => expect(again).toEqual([7]));
});

test('handlers may still publish while their runtime drains', async () => {
  const binder = memoryBinder();
  const mr = runtimeOn(binder);
  const hold = gate();
  let begun = false;
  await mr.subscribe(events, { group: 'g' }, async (event) => {
    begun = true;
    await hold.promise;
    await mr.publish(eventStream<Event>('results'), event);
  });
  await mr.publish(events, { key: 'a', n: 1 });
  await vi.waitFor(() => expect(begun).toBe(true));
  const closing = mr.close();
  hold.resolve();
  await closing;
  expect((await binder.provisioner.describe('results'))?.count).toBe(1);
});

test('a partition that goes to another member is drained first: no event is handled twice or out of order', async () => {
  const binder = memoryBinder();
  const many = eventStream<Event>('many', { key: ({ key }) => key, partitions: 8 });
  const handled: string[] = [];
  const handle = async ({ key, n }: Event) => {
    await turn();
    handled.push(`${key}/${n}`);
  };
  const first = runtimeOn(binder);
  await first.subscribe(many, { group: 'g' }, handle);
  const keys = Array.from({ length: 16 }, (_, index) => `k${index}`);
  const members = [runtimeOn(binder), runtimeOn(binder)];
  for (let n = 0; n < 30; n++) {
    await first.publishAll(
      many,
      keys.map((key) => ({ key, n })),
    );
    if (n === 10) await members[0]!.subscribe(many, { group: 'g' }, handle);
    if (n === 15) await members[1]!.subscribe(many, { group: 'g' }, handle);
    if (n === 22) await members[0]!.close();
  }
  await vi.waitFor(() => expect(new Set(handled).size).toBe(480), { timeout: 10_000 });
  expect(handled).toHaveLength(480);
  for (const key of keys) {
    const own = handled.filter((entry) => entry.startsWith(`${key}/`)).map((entry) => Number(entry.split('/')[1]));
    expect(own).toEqual(Array.from({ length: 30 }, (_, n) => n));
  }
});

test('a consumer that dies is attached again with back-off, visibly, and loses nothing', async () => {
  const clock = new ManualClock();
  const binder = memoryBinder();
  let lives = 0;
  let die!: (error: Error) => void;
  let refuse = 1;
  const bindConsumer: typeof binder.bindConsumer = async (...args) => {
    if (lives > 0 && refuse-- > 0) throw new Error('still away');
    lives++;
    const binding = await binder.bindConsumer(...args);
    const death = new Promise<never>((_, fail) => (die = fail));
    return override(binding, { receive: (max, wait) => Promise.race([binding.receive(max, wait), death]) });
  };
  const mr = runtimeOn(override(binder, { bindConsumer }), { clock });
  const seen: number[] = [];
  const subscription = await mr.subscribe(events, { group: 'g' }, ({ n }) => void seen.push(n));
  await mr.publish(events, { key: 'a', n: 0 });
  await vi.waitFor(() => expect(seen).toEqual([0]));
  die(new Error('channel closed'));
  await vi.waitFor(() =>
    expect(subscription.health).toMatchObject({
      status: 'recovering',
      error: { message: expect.stringContaining('channel closed') },
    }),
  );
  expect(mr.health().status).toBe('down');
  await mr.publish(events, { key: 'a', n: 1 });
  await clock.advance(120);
  await vi.waitFor(() => expect(subscription.health.error?.message).toContain('still away'));
  await clock.advance(240);
  await vi.waitFor(() => expect(seen).toEqual([0, 1]));
  await clock.advance(1000);
  expect(subscription.health.status).toBe('up');
  expect(mr.metrics()).toContain('millrace_consumer_restarts_total{kind="event",destination="events",group="g"} 1');
});

test("a subscription that cannot be attached at first is the caller's failure", async () => {
  const binder = memoryBinder();
  const denied = new MillraceError('no', { code: 'PERMISSION_DENIED', reason: 'X' });
  const mr = runtimeOn(override(binder, { bindConsumer: () => Promise.reject(denied) }));
  await expect(mr.subscribe(events, { group: 'g' }, () => {})).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(mr.health().subscriptions).toEqual({});
});

test('acknowledgements that fail are repeated', async () => {
  const clock = new ManualClock();
  const binder = memoryBinder();
  let refused = 2;
  const bindConsumer: typeof binder.bindConsumer = async (...args) => {
    const binding = await binder.bindConsumer(...args);
    return override(binding, {
      ack: (deliveries) => (refused-- > 0 ? Promise.reject(new Error('timeout')) : binding.ack(deliveries)),
    });
  };
  const mr = runtimeOn(override(binder, { bindConsumer }), { clock });
  const subscription = await mr.subscribe(events, { group: 'g' }, () => {});
  await mr.publish(events, { key: 'a', n: 0 });
  await vi.waitFor(() => expect(refused).toBe(1));
  expect(await subscription.lag()).toBe(1);
  await clock.advance(1000);
  await vi.waitFor(async () => expect(await subscription.lag()).toBe(0));
});

test('the context tells where an event came from', async () => {
  const mr = runtimeOn(memoryBinder());
  const contexts: EventContext[] = [];
  await mr.subscribe(events, { group: 'g' }, (_, context) => void contexts.push(context));
  await mr.publish(events, { key: 'a', n: 0 }, { id: 'given', headers: { colour: 'red' }, timestamp: 5 });
  await mr.publish(events, { key: 'a', n: 1 });
  await vi.waitFor(() => expect(contexts).toHaveLength(2));
  const place = { destination: 'events', group: 'g', partition: 1, attempt: 1, key: 'a', contentType: 'application/json' };
  expect(contexts[0]).toMatchObject({ ...place, offset: 0, id: 'given', timestamp: 5, headers: { colour: 'red' } });
  expect(contexts[1]).toMatchObject({ ...place, offset: 1, id: 'events/1/1' });
});

test('what a handler publishes continues the trace of the event, also after it waited', async () => {
  const mr = runtimeOn(memoryBinder());
  const out = eventStream<Event>('out');
  await mr.subscribe(events, { group: 'g' }, async (event) => {
    await turn();
    await mr.publish(out, event, { headers: { own: 1 } });
  });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers: unknown[] = [];
  await mr.subscribe(out, { group: 'g' }, (_, context) => void headers.push(context.headers));
  await mr.publish(events, { key: 'a', n: 0 }, { headers: { traceparent, tracestate: 'v=1' } });
  await vi.waitFor(() => expect(headers).toEqual([{ own: 1, traceparent, tracestate: 'v=1', contentType: 'application/json' }]));
  await mr.publish(out, { key: 'b', n: 0 });
  await vi.waitFor(() => expect(headers[1]).toEqual({ contentType: 'application/json' }));
});

test('options that make no sense are refused by name', async () => {
  const mr = runtimeOn(memoryBinder());
  await expect(mr.subscribe(events, { concurrency: 0 }, () => {})).rejects.toThrow(/'concurrency' is 0/);
  await expect(mr.subscribe(events, { maxInFlight: 1.5 }, () => {})).rejects.toThrow(/'maxInFlight' is 1.5/);
  await expect(mr.subscribeBatch(events, { maxBatch: -1 }, () => {})).rejects.toThrow(/'maxBatch' is -1/);
});

test('without options a subscription has its own copy of what comes', async () => {
  const mr = runtimeOn(memoryBinder());
  await mr.publish(events, { key: 'a', n: 0 });
  const seen: number[] = [];
  const one = await mr.subscribe(events, ({ n }) => void seen.push(n));
  const batches = await mr.subscribeBatch(events, (batch) => void seen.push(...batch.map(({ payload }) => payload.n * 10)));
  await mr.publish(events, { key: 'a', n: 1 });
  await vi.waitFor(() => expect(seen.toSorted((a, b) => a - b)).toEqual([1, 10]));
  await Promise.all([one.close(), batches.close()]);
  await expect(mr.subscribe(events, { group: 'g' } as never)).rejects.toMatchObject({ reason: 'HANDLER_MISSING' });
});
