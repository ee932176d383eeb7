import { ManualClock } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RegionCapabilities } from '../../src/binder/index.ts';
import { region, type EntryEvent, type Millrace, type RegionHandle, type Watch, type WatchRequest } from '../../src/index.ts';
import { RegionBinder } from '../support/region-binder.ts';
import { runtimeOn, until, type Logged } from '../support/runtime.ts';

interface Seat {
  readonly price: number;
  readonly sold?: boolean;
}

let clock: ManualClock;
let binder: RegionBinder;
let mr: Millrace;
let logged: Logged[];
let seats: RegionHandle<Seat>;

function setUp(can: Partial<RegionCapabilities> = {}): void {
  clock = new ManualClock();
  binder = new RegionBinder(clock, can);
  ({ mr, logged } = runtimeOn(binder, clock));
  seats = mr.region(region<Seat>('seats'));
}
beforeEach(() => setUp());
afterEach(async () => {
  const closing = mr.close({ deadlineMs: 100 });
  for (let turn = 0; turn < 3; turn++) await clock.advance(100);
  await closing;
});

/** Watches and notes what is told. */
async function watching(
  request: WatchRequest<Seat> = {},
): Promise<{ events: EntryEvent<Seat>[]; told: () => string[]; watch: Watch }> {
  const events: EntryEvent<Seat>[] = [];
  const watch = await seats.watch(request, (event) => void events.push(event));
  return { events, told: () => events.map(short), watch };
}

function short({ kind, key, value, previous }: EntryEvent<Seat>): string {
  const parts = [
    kind,
    key,
    value === undefined ? '' : JSON.stringify(value),
    previous === undefined ? '' : `was ${JSON.stringify(previous)}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

const saw = (events: readonly EntryEvent<Seat>[], count: number): Promise<void> =>
  until(`${count} events are told`, () => events.length >= count);

async function advance(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) await clock.advance(50);
}

describe('a watch', () => {
  it('tells what is, then that it is live, then every change', async () => {
    await seats.put('a', { price: 1 });
    const { events, told } = await watching();
    await saw(events, 2);
    await seats.put('b', { price: 1 }, { metadata: { who: 'me' } });
    await seats.put('a', { price: 2 });
    await seats.delete('a');
    await seats.clear();
    await saw(events, 6);
    const changes = ['created b {"price":1}', 'updated a {"price":2} was {"price":1}', 'removed a was {"price":2}', 'cleared'];
    expect(told()).toEqual(['snapshot a {"price":1}', 'live', ...changes]);
    expect(events[2]).toMatchObject({ version: 2, time: clock.now(), cause: 'test', metadata: { who: 'me' }, position: '2' });
  });

  it('is about the keys that were asked for', async () => {
    const byKey = await watching({ key: 'a1', snapshot: 'none' });
    const byKeys = await watching({ keys: ['a1', 'b1'], snapshot: 'none' });
    const byPrefix = await watching({ prefix: 'a', snapshot: 'none' });
    const byPattern = await watching({ pattern: /A\d/i, snapshot: 'none' });
    for (const key of ['a1', 'b1', 'a2', 'xa1']) await seats.put(key, { price: 1 });
    await saw(byPrefix.events, 3);
    await saw(byPattern.events, 3);
    const keys = [byKey, byKeys, byPrefix, byPattern].map(({ events }) => events.slice(1).map(({ key }) => key));
    expect(keys).toEqual([['a1'], ['a1', 'b1'], ['a1', 'a2'], ['a1', 'a2']]);
  });

  it('tells of entries entering, changing within and leaving a condition', async () => {
    await seats.put('in', { price: 1, sold: true });
    await seats.put('out', { price: 1, sold: false });
    const { events, told } = await watching({ where: { sold: true } });
    await saw(events, 2);
    await seats.put('out', { price: 1, sold: true });
    await seats.put('in', { price: 2, sold: true });
    await seats.put('in', { price: 2, sold: false });
    await seats.put('never', { price: 2, sold: false });
    await seats.delete('out');
    await saw(events, 6);
    expect(told().map((event) => event.split(' ').slice(0, 2).join(' '))).toEqual([
      'snapshot in',
      'live',
      'entered out',
      'changed in',
      'left in',
      'removed out',
    ]);
  });

  it('leaves out all but the fields that were asked for', async () => {
    await seats.put('a', { price: 1, sold: false });
    const { events, told } = await watching({ fields: ['sold'] });
    await seats.put('a', { price: 2, sold: true });
    await saw(events, 3);
    expect(told()).toEqual(['snapshot a {"sold":false}', 'live', 'updated a {"sold":true} was {"sold":false}']);
  });

  it('can do without values or without a snapshot', async () => {
    await seats.put('a', { price: 1, sold: true });
    const keys = await watching({ snapshot: 'keys' });
    const none = await watching({ snapshot: 'none', mode: 'invalidate' });
    const conditional = await watching({ snapshot: 'keys', where: { sold: true } });
    await seats.put('a', { price: 2 });
    await saw(conditional.events, 3);
    expect(keys.told()).toEqual(['snapshot a', 'live', 'updated a {"price":2} was {"price":1,"sold":true}']);
    expect(none.told()).toEqual(['live', 'updated a']);
    expect(conditional.told().slice(0, 2)).toEqual(['snapshot a', 'live']);
  });

  it('leaves out own writes on request, but not those of a namesake', async () => {
    const namesake = runtimeOn(binder, clock).mr;
    const { events, told } = await watching({ ownWrites: false });
    await seats.put('mine', { price: 1 });
    await namesake.region(region<Seat>('seats')).put('theirs', { price: 1 });
    await saw(events, 2);
    expect(told()).toEqual(['live', 'created theirs {"price":1}']);
    await namesake.close();
  });

  it('handles keys concurrently and each key in order', async () => {
    const running: string[] = [];
    const finished: string[] = [];
    const gates = new Map<string, () => void>();
    await seats.watch({ snapshot: 'none', concurrency: 2 }, async ({ key, version }) => {
      if (key === '') return;
      running.push(`${key}${version}`);
      await new Promise<void>((resolve) => gates.set(`${key}${version}`, resolve));
      finished.push(`${key}${version}`);
    });
    for (const key of ['a', 'a', 'b', 'c']) await seats.put(key, { price: 1 });
    await until('two run', () => running.length === 2);
    expect(running).toEqual(['a1', 'b3']);
    gates.get('b3')!();
    await until('the next key runs', () => running.length === 3);
    gates.get('a1')!();
    await until('all run', () => running.length === 4);
    expect(finished).toEqual(['b3', 'a1']);
  });

  it('tells the latest only, when asked, of a key whose handler is busy', async () => {
    const events: EntryEvent<Seat>[] = [];
    const gate = Promise.withResolvers<void>();
    await seats.watch({ mode: 'latest', snapshot: 'none' }, async (event) => {
      events.push(event);
      if (event.key !== '') await gate.promise;
    });
    for (let price = 1; price <= 5; price++) await seats.put('a', { price });
    await until('the first runs', () => events.length === 2);
    gate.resolve();
    await saw(events, 3);
    expect(events.map(short)).toEqual(['live', 'created a {"price":1}', 'updated a {"price":5} was {"price":1}']);
  });

  it('resumes from an exported token', async () => {
    const first = await watching();
    await seats.put('a', { price: 1 });
    await saw(first.events, 2);
    await first.watch.close();
    expect(first.watch.status).toBe('closed');
    await seats.put('a', { price: 2 });
    const second = await watching({ resume: first.watch.resumeToken()! });
    await saw(second.events, 2);
    expect(second.told()).toEqual(['live', 'updated a {"price":2} was {"price":1}']);
  });

  it('exports no token past an event that is not handled yet, nor within a snapshot', async () => {
    await seats.put('z', { price: 1 });
    const gates = new Map<string, () => void>();
    const watch = await seats.watch({}, ({ key, kind }) =>
      kind === 'live' ? undefined : new Promise<void>((resolve) => gates.set(key, resolve)),
    );
    await until('the snapshot runs', () => gates.has('z'));
    expect(watch.resumeToken()).toBeUndefined();
    gates.get('z')!();
    await until('it is live', () => watch.resumeToken() === '1');
    await seats.put('a', { price: 1 });
    await seats.put('b', { price: 1 });
    await until('both run', () => gates.size === 3);
    gates.get('b')!();
    await advance(50);
    expect(watch.resumeToken()).toBe('1');
    gates.get('a')!();
    await until('both are done', () => watch.resumeToken() === '3');
  });

  it('refuses requests that make no sense', async () => {
    const refused: [WatchRequest<Seat>, string][] = [
      [{ key: 'a', keys: ['b'] }, 'INVALID_OPTION'],
      [{ competing: true }, 'INVALID_OPTION'],
      [{ concurrency: 0 }, 'INVALID_OPTION'],
      [{ pattern: '(' }, 'BAD_PATTERN'],
      [{ pattern: /a/u }, 'INVALID_OPTION'],
      [{ where: { price: { above: 3 } } as never }, 'WHERE_OPERATOR'],
    ];
    for (const [request, reason] of refused) await expect(watching(request)).rejects.toMatchObject({ reason });
    expect(mr.health().subscriptions).toEqual({});
  });
});

describe('a watch that loses its connection', () => {
  it('goes on where it stopped, telling nothing twice', async () => {
    const { events, told, watch } = await watching();
    await seats.put('a', { price: 1 });
    await saw(events, 2);
    binder.kill();
    await until('it notices', () => watch.status === 'recovering');
    expect(mr.health().subscriptions['seats/watch']).toMatchObject({ status: 'recovering' });
    await seats.put('a', { price: 2 });
    await advance(500);
    expect(told()).toEqual(['live', 'created a {"price":1}', 'updated a {"price":2} was {"price":1}']);
    await advance(1000);
    expect(watch.status).toBe('up');
  });

  it('takes a new snapshot where the store keeps no changes, and tells the differences', async () => {
    setUp({ resume: false, previousValue: false });
    await seats.putAll([
      ['same', { price: 1 }],
      ['old', { price: 1 }],
      ['gone', { price: 1 }],
    ]);
    const { events, told } = await watching();
    await saw(events, 4);
    binder.kill();
    await seats.put('old', { price: 2 });
    await seats.delete('gone');
    await seats.put('new', { price: 9 });
    await advance(500);
    const differences = ['updated old {"price":2} was {"price":1}', 'created new {"price":9}', 'removed gone was {"price":1}'];
    expect(told().slice(4)).toEqual(['gap', ...differences, 'live']);
  });

  it('keeps trying when the store stays away', async () => {
    const { watch } = await watching();
    binder.before = (operation) => {
      if (operation === 'receive') throw new Error('away');
    };
    binder.kill();
    await advance(3000);
    expect(watch.status).not.toBe('up');
    binder.before = () => {};
    await advance(30_000);
    expect(watch.status).toBe('up');
  });
});

describe('a gap', () => {
  it('is told with its reason, then the differences', async () => {
    await seats.put('a', { price: 1 });
    const { events, told } = await watching();
    await saw(events, 2);
    await binder.gap('too far behind', async () => {
      await seats.put('b', { price: 1 });
      await seats.delete('a');
    });
    await saw(events, 6);
    expect(told().slice(2)).toEqual(['gap', 'created b {"price":1}', 'removed a', 'live']);
    expect(events[2]).toMatchObject({ cause: 'too far behind', metadata: { differences: true } });
  });
});

describe('a named watcher', () => {
  it('acknowledges what is handled, up to the first that is not', async () => {
    const gates = new Map<string, () => void>();
    await seats.watch({ name: 'n', snapshot: 'none' }, ({ key }) =>
      key === '' ? undefined : new Promise<void>((resolve) => gates.set(key, resolve)),
    );
    for (const key of ['a', 'b', 'c']) await seats.put(key, { price: 1 });
    await until('all run', () => gates.size === 3);
    gates.get('b')!();
    gates.get('c')!();
    await advance(50);
    expect(binder.acked.at(-1)).toBe('0');
    gates.get('a')!();
    await until('all is acknowledged', () => binder.acked.at(-1) === '3');
  });

  it('gets again what it had not finished, and nothing else', async () => {
    const stuck = Promise.withResolvers<void>();
    const first = await seats.watch({ name: 'n', snapshot: 'none' }, ({ key }) => (key === 'b' ? stuck.promise : undefined));
    for (const key of ['a', 'b', 'c']) await seats.put(key, { price: 1 });
    await until('the first is acknowledged', () => binder.acked.at(-1) === '1');
    const closing = first.close();
    await advance(31_000);
    await closing;
    const { events, told } = await watching({ name: 'n' });
    await saw(events, 3);
    expect(told()).toEqual(['live', 'created b {"price":1}', 'created c {"price":1}']);
    stuck.resolve();
  });

  it('parks an event on which its handler failed for good, and goes on', async () => {
    const events: string[] = [];
    await seats.watch({ name: 'n', snapshot: 'none', retry: { maxAttempts: 2, backOffInitialInterval: 100 } }, (event) => {
      if (event.value?.price === 1) throw new Error('no');
      events.push(short(event));
    });
    await seats.put('a', { price: 1 });
    await seats.put('a', { price: 2 });
    await seats.put('b', { price: 3 });
    await until('the other key went on', () => events.length === 2);
    expect(events).toEqual(['live', 'created b {"price":3}']);
    await advance(200);
    expect(events[2]).toBe('updated a {"price":2} was {"price":1}');
    expect(binder.parked).toHaveLength(1);
    expect(binder.parked[0]).toMatchObject({
      deadLetter: 'error.seats.n',
      message: {
        key: 'a',
        headers: { mr_change_kind: 'created', mr_change_version: 1, mr_original_kind: 'change', mr_attempts: 2 },
      },
    });
    expect(binder.acked.at(-1)).toBe('3');
  });

  it('holds back the key while the event cannot be parked', async () => {
    binder.before = (operation) => {
      if (operation === 'park') throw new Error('full');
    };
    await seats.watch({ name: 'n', snapshot: 'none', retry: { maxAttempts: 1 } }, ({ key }) => {
      if (key === 'a') throw new Error('no');
    });
    await seats.put('a', { price: 1 });
    await advance(1000);
    expect(binder.acked.at(-1)).toBe('0');
    binder.before = () => {};
    await advance(6000);
    expect(binder.parked).toHaveLength(1);
    expect(binder.acked.at(-1)).toBe('1');
  });
});

describe('a watcher without a name', () => {
  it('reports an event on which its handler failed for good, and goes on', async () => {
    const events: EntryEvent<Seat>[] = [];
    await seats.watch({ snapshot: 'none', retry: { maxAttempts: 1 } }, (event) => {
      events.push(event);
      if (event.value?.price === 1) throw new Error('no');
    });
    await seats.put('a', { price: 1 });
    await seats.put('a', { price: 2 });
    await saw(events, 3);
    expect(binder.parked).toEqual([]);
    expect(logged).toContainEqual({ level: 'error', message: expect.stringContaining('goes on without an event') as string });
    expect(mr.metrics()).toMatch(/millrace_skipped_total\{kind="change".*\} 1/);
  });

  it('takes over no more than it may hold while its handler is slow', async () => {
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    await seats.watch({ snapshot: 'none', concurrency: 1, maxBacklog: 4 }, async ({ key }) => {
      runs++;
      if (key !== '') await gate.promise;
    });
    for (let count = 0; count < 50; count++) await seats.put(`k${count}`, { price: 1 });
    await advance(100);
    expect(mr.health().subscriptions['seats/watch']!.inFlight).toBeLessThanOrEqual(50);
    gate.resolve();
    await until('all is handled', () => runs === 51);
  });
});

describe('liveMap', () => {
  it('holds the region when it is ready and follows it', async () => {
    await seats.put('a', { price: 1 });
    const map = await seats.liveMap();
    expect([...map]).toEqual([['a', { price: 1 }]]);
    const changes: string[] = [];
    const stop = map.onChange((event) => void changes.push(short(event)));
    await seats.put('b', { price: 2 });
    await seats.delete('a');
    await until('it followed', () => changes.length === 2);
    expect(new Map(map)).toEqual(new Map([['b', { price: 2 }]]));
    expect([map.size, map.has('a'), map.get('b')]).toEqual([1, false, { price: 2 }]);
    stop();
    await seats.clear();
    await until('it is cleared', () => map.size === 0);
    expect(changes).toHaveLength(2);
    await map.close();
  });

  it('holds only what meets its condition', async () => {
    await seats.put('a', { price: 1, sold: true });
    const map = await seats.liveMap({ where: { sold: true } });
    await seats.put('b', { price: 1, sold: true });
    await seats.put('a', { price: 1, sold: false });
    await until('it followed', () => map.has('b') && !map.has('a'));
    await map.close();
  });

  it('is right again after the store lost it and changed meanwhile', async () => {
    setUp({ resume: false });
    await seats.putAll([
      ['a', { price: 1 }],
      ['b', { price: 1 }],
    ]);
    const map = await seats.liveMap();
    binder.kill();
    await seats.delete('a');
    await seats.put('c', { price: 1 });
    await advance(500);
    expect([...map.keys()].toSorted()).toEqual(['b', 'c']);
    await map.close();
  });

  it('goes on when a listener fails', async () => {
    const map = await seats.liveMap();
    map.onChange(() => {
      throw new Error('no');
    });
    await seats.put('a', { price: 1 });
    await until('it followed', () => map.size === 1);
    expect(logged).toContainEqual({ level: 'error', message: expect.stringContaining('listener') as string });
    await map.close();
  });
});
