import { embeddedBinder } from '@millrace/binder-embedded';
import { ManualClock } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Binder } from '../../src/binder/index.ts';
import { region, type EntryEvent, type Millrace, type RegionHandle, type Watch, type WatchRequest } from '../../src/index.ts';
import { runtimeOn, until } from '../support/runtime.ts';

interface Seat {
  readonly price: number;
  readonly sold?: boolean;
}

let clock: ManualClock;
let binder: Binder;
let mr: Millrace;
let seats: RegionHandle<Seat>;

beforeEach(async () => {
  clock = new ManualClock();
  binder = embeddedBinder({ memory: true, clock });
  mr = runtimeOn(binder, clock).mr;
  seats = mr.region(region<Seat>('seats', { changeRetentionMs: 60_000 }));
  await seats.count();
});

afterEach(async () => {
  const closing = mr.close({ deadlineMs: 0 });
  for (let turn = 0; turn < 3; turn++) await clock.advance(30_000);
  await closing;
});

async function advance(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) await clock.advance(50);
}

async function watching(
  request: WatchRequest<Seat> = {},
): Promise<{ events: EntryEvent<Seat>[]; told: () => string[]; watch: Watch }> {
  const events: EntryEvent<Seat>[] = [];
  const watch = await seats.watch(request, (event) => void events.push(event));
  return { events, told: () => events.map(short), watch };
}

const short = ({ kind, key, value, previous }: EntryEvent<Seat>): string =>
  [kind, key, value?.price, previous === undefined ? undefined : `was ${previous.price}`]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');

const saw = (events: readonly unknown[], count: number): Promise<void> =>
  until(`${count} events are told`, () => events.length >= count);

describe('regions on the embedded binder', () => {
  it('keep entries until their time is over, and tell', async () => {
    const { events, told } = await watching();
    await seats.put('a', { price: 1 }, { timeToLiveMs: 1000 });
    await advance(900);
    expect(await seats.get('a')).toEqual({ price: 1 });
    await advance(200);
    expect(await seats.get('a')).toBeUndefined();
    await saw(events, 3);
    expect(told()).toEqual(['live', 'created a 1', 'expired a was 1']);
  });

  it('apply conditional changes atomically', async () => {
    await seats.put('a', { price: 0 });
    await Promise.all(Array.from({ length: 20 }, (_, index) => seats.patch('a', { price: index })));
    expect((await seats.getEntry('a'))!.version).toBe(21);
    expect(await seats.putIfAbsent('a', { price: 7 })).toBe(false);
    expect(await seats.delete('a')).toBe(true);
    expect(await seats.putIfAbsent('a', { price: 7 })).toBe(true);
  });

  it('tell a watch with a condition what enters, changes and leaves', async () => {
    const { events, told } = await watching({ where: { sold: true } });
    await seats.put('a', { price: 1, sold: false });
    await seats.put('a', { price: 2, sold: true });
    await seats.put('a', { price: 3, sold: true });
    await seats.put('a', { price: 4, sold: false });
    await seats.put('b', { price: 5, sold: true });
    await seats.delete('b');
    await saw(events, 6);
    expect(told()).toEqual(['live', 'entered a 2 was 1', 'changed a 3 was 2', 'left a 4 was 3', 'entered b 5', 'removed b was 5']);
  });

  it('find entries by condition', async () => {
    await seats.putAll([
      ['a', { price: 1, sold: true }],
      ['b', { price: 2, sold: false }],
    ]);
    const found: string[] = [];
    for await (const { key } of seats.query({ sold: false, price: { gt: 1 } })) found.push(key);
    expect(found).toEqual(['b']);
  });

  it('keep for a named watcher what it misses while away', async () => {
    const first = await watching({ name: 'n' });
    await seats.put('a', { price: 1 });
    await saw(first.events, 2);
    await first.watch.close();
    await seats.put('a', { price: 2 });
    await seats.delete('a');
    const second = await watching({ name: 'n' });
    await saw(second.events, 3);
    expect(second.told()).toEqual(['live', 'updated a 2 was 1', 'removed a was 2']);
  });

  it('share the changes of a name among competing watchers, each key in order', async () => {
    const members = await Promise.all([1, 2, 3].map(() => watching({ name: 'n', competing: true, snapshot: 'none' })));
    for (let price = 0; price < 5; price++) for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await seats.put(key, { price });
    const changes = (): EntryEvent<Seat>[] => members.flatMap(({ events }) => events.filter(({ key }) => key !== ''));
    await until('all are told', () => changes().length === 30);
    for (const { events } of members)
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
        const prices = events.filter((event) => event.key === key).map((event) => event.value!.price);
        expect(prices).toEqual(prices.toSorted((a, b) => a - b));
      }
    expect(members.filter(({ events }) => events.some(({ key }) => key !== '')).length).toBeGreaterThan(1);
  });

  it('resume a watch from its token', async () => {
    const first = await watching();
    await seats.put('a', { price: 1 });
    await saw(first.events, 2);
    await first.watch.close();
    await seats.put('b', { price: 2 });
    const second = await watching({ resume: first.watch.resumeToken()! });
    await saw(second.events, 2);
    expect(second.told()).toEqual(['live', 'created b 2']);
  });

  it('tell a watcher that comes too late of the gap, then all there is', async () => {
    const first = await watching();
    await seats.put('a', { price: 1 });
    await saw(first.events, 2);
    await first.watch.close();
    await binder.provisioner.delete('seats');
    const anew = mr.region(region<Seat>('seats'));
    await anew.put('b', { price: 2 });
    const second = await watching({ resume: first.watch.resumeToken()! });
    await saw(second.events, 3);
    expect(second.told()).toEqual(['gap', 'snapshot b 2', 'live']);
    expect(second.events[0]!.cause).not.toBe('');
  });

  it('tell a watcher that falls too far behind of the gap, then the differences', async () => {
    const gate = Promise.withResolvers<void>();
    const events: EntryEvent<Seat>[] = [];
    await seats.put('gone', { price: 0 });
    await seats.watch({ maxBacklog: 10, whenFull: 'disconnect', concurrency: 1 }, async (event) => {
      events.push(event);
      if (event.key === 'slow') await gate.promise;
    });
    await saw(events, 2);
    await seats.put('slow', { price: 1 });
    await saw(events, 3);
    for (let price = 1; price <= 200; price++) await seats.put('busy', { price });
    await seats.delete('gone');
    gate.resolve();
    await until('it is live again', () => events.filter(({ kind }) => kind === 'live').length === 2);
    expect(events.some(({ kind }) => kind === 'gap')).toBe(true);
    expect(events.findLast(({ key }) => key === 'busy')!.value).toEqual({ price: 200 });
    expect(short(events.at(-2)!)).toMatch(/^removed gone/);
  });

  it('park what a named watcher failed on for good, to be looked at and discarded', async () => {
    await seats.watch({ name: 'n', snapshot: 'none', retry: { maxAttempts: 1 } }, ({ key }) => {
      if (key === 'a') throw new Error('no');
    });
    await seats.put('a', { price: 1 });
    await advance(100);
    const [parked] = await mr.parked.list();
    expect(parked).toMatchObject({
      kind: 'change',
      destination: 'seats',
      group: 'n',
      key: 'a',
      attempts: 1,
      cause: { message: 'no' },
    });
    await expect(mr.parked.redrive({ group: 'n' })).rejects.toMatchObject({ code: 'UNSUPPORTED', reason: 'CHANGE_REDRIVEN' });
    expect(await mr.parked.discard({ group: 'n' })).toEqual({ discarded: 1 });
  });

  it('leave out own writes on request', async () => {
    const { events, told } = await watching({ ownWrites: false });
    await seats.put('mine', { price: 1 });
    const binding = await binder.region!.open('seats');
    await binding.apply([{ key: 'theirs', value: Buffer.from('{"price":2}'), contentType: 'application/json' }]);
    await saw(events, 2);
    expect(told()).toEqual(['live', 'created theirs 2']);
  });

  it('are followed by live maps', async () => {
    await seats.put('a', { price: 1 });
    const map = await seats.liveMap({ prefix: 'a' });
    await seats.putAll([
      ['a', { price: 2 }],
      ['ab', { price: 3 }],
      ['b', { price: 4 }],
    ]);
    await until('it followed', () => map.size === 2 && map.get('a')!.price === 2);
    expect([...map.keys()]).toEqual(['a', 'ab']);
    await map.close();
  });
});
