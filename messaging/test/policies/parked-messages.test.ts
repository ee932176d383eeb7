import { ManualClock } from '@millrace/core';
import { expect, test, vi } from 'vitest';
import type { Binder, OutboundMessage } from '../../src/binder/index.ts';
import { eventStream } from '../../src/index.ts';
import { gate, memoryBinder, override, runtimeOn, turn } from '../support.ts';

interface Event {
  readonly key: string;
  readonly n: number;
}
const events = eventStream<Event>('events', { key: ({ key }) => key, partitions: 2 });
const once = { maxAttempts: 1 } as const;

/** A group whose handler fails until it is told not to, with `count` events parked. */
async function setUp(count = 3, binder: Binder = memoryBinder(), clock?: ManualClock) {
  const mr = runtimeOn(binder, { clock });
  const state = { failing: true, handled: [] as { n: number; id: string }[] };
  const subscription = await mr.subscribe(events, { group: 'g', retry: once }, ({ n }, { id }) => {
    if (state.failing) throw new RangeError(`no ${n} please`);
    state.handled.push({ n, id });
  });
  await mr.publishAll(
    events,
    Array.from({ length: count }, (_, n) => ({ key: 'a', n })),
  );
  await vi.waitFor(() => expect(subscription.health.parked).toBe(count));
  return { mr, binder, state, subscription };
}

const numbers = (messages: readonly { readonly payload: Uint8Array | null }[]) =>
  messages.map(({ payload }) => (JSON.parse(Buffer.from(payload!).toString()) as Event).n);

test('the summary counts by destination and group', async () => {
  const { mr, binder } = await setUp(3);
  expect(await mr.parked.summary()).toEqual([
    { deadLetter: binder.provisioner.deadLetterName('events', 'g'), destination: 'events', group: 'g', count: 3 },
  ]);
});

test('messages are listed page by page, filtered, and shown one by one', async () => {
  const { mr } = await setUp(5);
  const first = await mr.parked.list({}, { limit: 2 });
  const rest = await mr.parked.list({}, { after: first[1]!.id });
  expect([...numbers(first), ...numbers(rest)]).toEqual([0, 1, 2, 3, 4]);
  expect(numbers(await mr.parked.list({ cause: 'no 3' }))).toEqual([3]);
  expect(numbers(await mr.parked.list({ cause: 'RangeError' }))).toHaveLength(5);
  expect(await mr.parked.list({ cause: 'TypeError' })).toEqual([]);
  expect(await mr.parked.list({ destination: 'events', group: 'other' })).toEqual([]);
  expect(await mr.parked.list({ destination: 'other' })).toEqual([]);
  expect(await mr.parked.list({ before: new Date(first[0]!.parkedAt) })).toEqual([]);
  expect(await mr.parked.list({ after: new Date(first[0]!.parkedAt) })).toHaveLength(5);
  expect(numbers(await mr.parked.list({ ids: [rest[0]!.id, first[0]!.id] }))).toEqual([0, 2]);
  expect(await mr.parked.show(first[1]!.id)).toEqual(first[1]);
});

test('what is not there is not found', async () => {
  const { mr } = await setUp(1);
  const [only] = await mr.parked.list();
  await mr.parked.discard({ ids: [only!.id] });
  for (const id of [only!.id, 'nonsense', 'other~error.events.g~1']) {
    await expect(mr.parked.show(id)).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'PARKED_UNKNOWN' });
  }
});

test('an edited message keeps its cause and origin under a new id', async () => {
  const { mr, state } = await setUp(2);
  const [first, second] = await mr.parked.list();
  const id = await mr.parked.edit(first!.id, {
    payload: Buffer.from('{"key":"a","n":70}'),
    headers: { contentType: 'application/json', fixed: true },
  });
  const edited = await mr.parked.show(id);
  expect(numbers([edited])).toEqual([70]);
  expect(edited).toMatchObject({ cause: first!.cause, origin: first!.origin, attempts: 1, headers: { fixed: true } });
  expect((await mr.parked.list()).map((message) => message.id)).toEqual([second!.id, id]);
  state.failing = false;
  await mr.parked.redrive({ ids: [id] });
  await vi.waitFor(() => expect(state.handled).toEqual([{ n: 70, id: 'events/1/0' }]));
});

test('re-driven messages go to the group that parked them, in order, with their first id, and to no other', async () => {
  const { mr, state } = await setUp(3);
  const other: number[] = [];
  await mr.subscribe(events, { group: 'other' }, ({ n }) => void other.push(n));
  await vi.waitFor(() => expect(other).toEqual([0, 1, 2]));
  state.failing = false;
  const progress: number[] = [];
  expect(await mr.parked.redrive({ group: 'g' }, { onProgress: (done) => progress.push(done) })).toEqual({ redriven: 3 });
  await vi.waitFor(() => expect(state.handled.map(({ n }) => n)).toEqual([0, 1, 2]));
  expect(state.handled.map(({ id }) => id)).toEqual(['events/1/0', 'events/1/1', 'events/1/2']);
  expect(progress).toEqual([3]);
  expect(await mr.parked.list()).toEqual([]);
  await mr.publish(events, { key: 'a', n: 9 });
  await vi.waitFor(() => expect(other).toEqual([0, 1, 2, 9]));
});

test('a message sent again because the re-drive broke off before removing it is handled once', async () => {
  const binder = memoryBinder();
  let broken = true;
  const remove: NonNullable<typeof binder.parking>['remove'] = (...args) =>
    broken ? Promise.reject(new Error('killed')) : binder.parking!.remove(...args);
  const faulty = override(binder, {
    get parking() {
      return override(binder.parking!, { remove });
    },
  });
  const { mr, state, subscription } = await setUp(3, faulty);
  state.failing = false;
  await expect(mr.parked.redrive({})).rejects.toThrow(/killed/);
  await vi.waitFor(() => expect(state.handled).toHaveLength(3));
  broken = false;
  expect(await mr.parked.redrive({})).toEqual({ redriven: 3 });
  await vi.waitFor(async () => expect(await subscription.lag()).toBe(0));
  expect(state.handled.map(({ n }) => n)).toEqual([0, 1, 2]);
});

test('that it was handled is remembered by the binder, so another process knows', async () => {
  const binder = memoryBinder();
  const { mr, state, subscription } = await setUp(1, binder);
  const [parked] = await mr.parked.list();
  state.failing = false;
  await mr.parked.redrive({});
  await vi.waitFor(() => expect(state.handled).toHaveLength(1));
  await subscription.close();
  // The same message, as if the one who re-drove it had come back after a crash.
  await binder.parking!.park(parked!.deadLetter, [{ payload: parked!.payload, headers: parked!.headers, key: parked!.key }]);
  const twin = (await mr.parked.list())[0]!;
  const producer = await binder.bindProducer('events');
  const headers = { ...parked!.headers, mr_redrive_group: 'g', mr_redrive_id: parked!.id };
  await producer.send([{ payload: twin.payload, headers, partition: 1 } satisfies OutboundMessage]);
  const again: number[] = [];
  const next = await runtimeOn(binder).subscribe(events, { group: 'g' }, ({ n }) => void again.push(n));
  await vi.waitFor(async () => expect(await next.lag()).toBe(0));
  expect(again).toEqual([]);
});

test('a message that fails again is parked again, once, and does not go round', async () => {
  const { mr, subscription } = await setUp(2);
  expect(await mr.parked.redrive({})).toEqual({ redriven: 2 });
  await vi.waitFor(() => expect(subscription.health.parked).toBe(4));
  const again = await mr.parked.list();
  expect(numbers(again)).toEqual([0, 1]);
  expect(Object.keys(again[0]!.headers).filter((name) => name.startsWith('mr_redrive'))).toEqual([]);
});

test('no more than so many per second are re-driven', async () => {
  const clock = new ManualClock();
  const { mr, state } = await setUp(40, memoryBinder(), clock);
  state.failing = false;
  const done: number[] = [];
  const redriving = mr.parked.redrive({}, { ratePerSecond: 20, onProgress: (count) => done.push(count) });
  for (let step = 0; step < 10; step++) {
    await vi.waitFor(() => expect(done.at(-1)).toBe(2 * (step + 1)));
    await turn();
    await clock.advance(100);
  }
  expect(done.at(-1)).toBeLessThanOrEqual(22);
  for (let step = 0; step < 40; step++) await clock.advance(100);
  expect(await redriving).toEqual({ redriven: 40 });
  await expect(mr.parked.redrive({}, { ratePerSecond: 0 })).rejects.toThrow(/'ratePerSecond' is 0/);
});

test('a re-drive stops at its signal', async () => {
  const clock = new ManualClock();
  const { mr } = await setUp(10, memoryBinder(), clock);
  const controller = new AbortController();
  const { redriven } = await mr.parked.redrive(
    {},
    { ratePerSecond: 10, signal: controller.signal, onProgress: () => controller.abort() },
  );
  expect(redriven).toBe(1);
});

test('discarded messages are gone, others stay', async () => {
  const { mr } = await setUp(3);
  expect(await mr.parked.discard({ cause: 'no 1' })).toEqual({ discarded: 1 });
  expect(numbers(await mr.parked.list())).toEqual([0, 2]);
});

test("messages parked by other programs are understood by Spring's headers and the names of groups", async () => {
  const { mr, binder, state } = await setUp(0);
  const deadLetter = binder.provisioner.deadLetterName('events', 'g');
  const headers = {
    'x-original-topic': 'events',
    'x-original-partition': 1,
    'x-original-offset': 5n,
    'x-exception-fqcn': 'java.lang.RuntimeException',
    'x-exception-message': 'boom',
  };
  await binder.parking!.park(deadLetter, [{ payload: Buffer.from('{"key":"x","n":5}'), headers }]);
  const [parked] = await mr.parked.list();
  expect(parked).toMatchObject({
    destination: 'events',
    group: 'g',
    cause: { type: 'java.lang.RuntimeException', message: 'boom' },
    origin: { partition: 1, offset: 5 },
  });
  state.failing = false;
  await mr.parked.redrive({});
  await vi.waitFor(() => expect(state.handled).toEqual([{ n: 5, id: 'events/1/5' }]));
});

test('the group of a dead letter that does not name it is found in the name of its destination', async () => {
  const binder = memoryBinder();
  const mr = runtimeOn(binder);
  await mr.binder();
  const headers = { 'x-original-topic': 'a.b' };
  await binder.parking!.park(binder.provisioner.deadLetterName('a.b', 'c.d'), [{ payload: Buffer.from('{}'), headers }]);
  expect(await mr.parked.list({ group: 'c.d' })).toMatchObject([{ destination: 'a.b', group: 'c.d' }]);
  expect(await mr.parked.summary()).toMatchObject([{ destination: 'a.b', group: 'c.d', count: 1 }]);
});

test('a binder that does not list what others made is asked for the dead letters that a filter names', async () => {
  const binder = memoryBinder();
  const deadLetter = binder.provisioner.deadLetterName('a', 'g');
  await binder.open();
  await binder.parking!.park(deadLetter, [{ payload: Buffer.from('{}'), headers: { 'x-original-topic': 'a' } }]);
  const known = new Set<string>();
  const list: NonNullable<typeof binder.parking>['list'] = (name, ...rest) => {
    known.add(name);
    return binder.parking!.list(name, ...rest);
  };
  const summary = async () => (await binder.parking!.summary()).filter(({ name }) => known.has(name));
  const secretive = override(binder, {
    open: () => Promise.resolve(),
    get parking() {
      return override(binder.parking!, { list, summary });
    },
  });
  const mr = runtimeOn(secretive);
  await mr.binder();
  expect(await mr.parked.list()).toEqual([]);
  expect(await mr.parked.list({ destination: 'a', group: 'g' })).toHaveLength(1);
});

test('what another application made of a re-driven message, copying its headers, is no re-driven message', async () => {
  const { mr, binder, state } = await setUp(1);
  const parts = eventStream<Event>('parts', { partitions: 1 });
  const seen: { n: number; id: string }[] = [];
  await mr.subscribe(parts, { group: 'g' }, ({ n }, { id }) => void seen.push({ n, id }));
  const others: number[] = [];
  await mr.subscribe(parts, { group: 'others' }, ({ n }) => void others.push(n));
  let copied = {};
  const redriven = await binder.bindConsumer('events', 'spy');
  state.failing = false;
  await mr.parked.redrive({});
  await vi.waitFor(async () => {
    const all = await redriven.receive(10);
    copied = all.at(-1)!.headers;
    expect(copied).toHaveProperty('mr_redrive_id');
  });
  const producer = await binder.bindProducer('parts');
  const make = (n: number): OutboundMessage => ({ payload: Buffer.from(`{"key":"a","n":${n}}`), headers: copied });
  await producer.send([make(1), make(2)]);
  await vi.waitFor(() =>
    expect([seen.map(({ n }) => n), others]).toEqual([
      [1, 2],
      [1, 2],
    ]),
  );
  expect(seen.map(({ id }) => id)).toEqual(['parts/0/0', 'parts/0/1']);
});

test('a message that does not say where it came from can be told by an edit', async () => {
  const mr = runtimeOn(memoryBinder());
  const { raw } = await mr.binder();
  await raw.parking!.park('strays', [{ payload: Buffer.from('{"key":"x","n":5}'), headers: {} }]);
  await expect(mr.parked.redrive({})).rejects.toMatchObject({ reason: 'ORIGIN_UNKNOWN' });
  const [stray] = await mr.parked.list();
  await mr.parked.edit(stray!.id, { headers: { 'x-original-topic': 'events', mr_original_group: 'g' } });
  const handled = gate();
  await mr.subscribe(events, { group: 'g' }, () => handled.resolve());
  expect(await mr.parked.redrive({})).toEqual({ redriven: 1 });
  await handled.promise;
});

test('commands are re-driven to their queue', async () => {
  const binder = memoryBinder();
  const mr = runtimeOn(binder);
  await mr.binder();
  await binder.provisioner.ensure('reserve', { kind: 'queue' });
  const headers = {
    mr_original_kind: 'command',
    'x-original-topic': 'reserve',
    mr_original_group: 'reserve',
    mr_id: 'c-1',
    mr_attempts: 3,
  };
  await binder.parking!.park(binder.provisioner.deadLetterName('reserve', 'reserve'), [{ payload: Buffer.from('{}'), headers }]);
  expect(await mr.parked.list()).toMatchObject([{ kind: 'command', destination: 'reserve', attempts: 3 }]);
  expect(await mr.parked.redrive({ destination: 'reserve' })).toEqual({ redriven: 1 });
  const consumer = await binder.queue!.consume('reserve');
  const [command] = await consumer.receive(1);
  expect(command!.headers).toMatchObject({ mr_id: 'c-1' });
  expect(command!.headers).not.toHaveProperty('mr_attempts');
  expect(await mr.parked.list()).toEqual([]);
});
