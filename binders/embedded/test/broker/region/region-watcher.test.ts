import { beforeEach, describe, expect, it } from 'vitest';
import type { RegionBinding, RegionWatch, Selector, WatchEvent, WatchOptions } from '@millrace/messaging/binder';
import { Bench, brief, bytes, settle } from '../../support.ts';

let bench: Bench;
let region: RegionBinding;
beforeEach(async () => {
  bench = new Bench();
  region = await reopened();
});

async function reopened(): Promise<RegionBinding> {
  return (await bench.client()).region.open('r');
}

const put = (key: string, value: string) => ({ key, value: bytes(value) });
const remove = (key: string) => ({ key, value: null });

function watch(options: Partial<WatchOptions> = {}, selector: Selector = {}, of = region): Promise<RegionWatch> {
  return of.watch(selector, { snapshot: 'values', mode: 'every', ...options });
}

const named = (more: Partial<WatchOptions> = {}, of = region): Promise<RegionWatch> => watch({ name: 'w', ...more }, {}, of);

async function events(from: RegionWatch): Promise<WatchEvent[]> {
  const all: WatchEvent[] = [];
  for (;;) {
    const some = from.receive(1000, 1);
    await settle();
    await bench.clock.advance(1);
    const received = await some;
    if (received.length === 0) return all;
    all.push(...received);
  }
}

const told = async (from: RegionWatch): Promise<string[]> => (await events(from)).map(brief);

describe('a watch', () => {
  it('tells the snapshot, then live, then every change without a gap between', async () => {
    await region.apply([put('b', '1'), put('a', '1')]);
    const watching = await watch();
    await region.apply([put('a', '2'), put('c', '1'), remove('b')]);
    await region.clear();
    expect(await told(watching)).toEqual([
      'snapshot a=1',
      'snapshot b=1',
      'live',
      'updated a 1>2',
      'created c ->1',
      'removed b 1>-',
      'cleared ',
    ]);
  });

  it('tells keys, or nothing, before live where only that is asked for', async () => {
    await region.apply([put('a', '1')]);
    expect(await told(await watch({ snapshot: 'keys' }))).toEqual(['snapshot a=?', 'live']);
    expect(await told(await watch({ snapshot: 'none' }))).toEqual(['live']);
  });

  it('tells who changed what and why, and when an entry expired', async () => {
    const watching = await watch({ snapshot: 'none' });
    await region.apply([{ key: 'a', value: bytes('1'), timeToLiveMs: 100, metadata: { why: 'test', n: 5n } }], { origin: 'me' });
    await bench.clock.advance(100);
    const [, created, expired] = await events(watching);
    expect(created).toMatchObject({ kind: 'created', origin: 'me', metadata: { why: 'test', n: 5n }, version: 1 });
    expect(expired).toMatchObject({ kind: 'expired', key: 'a', origin: undefined });
  });

  it('leaves out the changes of the excluded origin', async () => {
    const watching = await watch({ snapshot: 'none', excludeOrigin: 'me' });
    await region.apply([put('a', '1')], { origin: 'me' });
    await region.apply([put('a', '2')], { origin: 'other' });
    expect(await told(watching)).toEqual(['live', 'updated a 1>2']);
  });

  it('tells with a condition who entered, changed, left and went', async () => {
    const watching = await watch({}, { where: { filter: { n: { gte: 5 } } } });
    for (const value of ['{"n":1}', '{"n":5}', '{"n":6}', '{"n":2}', '{"n":9}', 'no json', '{"n":7}'])
      await region.apply([put('a', value)]);
    await region.apply([remove('a')]);
    expect((await events(watching)).map(({ kind }) => kind)).toEqual([
      'live',
      'entered',
      'changed',
      'left',
      'entered',
      'left',
      'entered',
      'removed',
    ]);
  });

  it('follows only the keys it is about', async () => {
    const watching = await watch({ snapshot: 'none' }, { prefix: 'a', pattern: '.b' });
    await region.apply([put('ab', '1'), put('bb', '1'), put('ac', '1')]);
    expect(await told(watching)).toEqual(['live', 'created ab ->1']);
  });

  it('told the latest only, skips what was overtaken while it was not looking', async () => {
    const watching = await watch({ mode: 'latest' });
    await told(watching);
    await region.apply([put('a', '1'), put('b', '1'), put('a', '2'), put('gone', '1'), remove('gone'), put('a', '3')]);
    expect(await told(watching)).toEqual(['created b ->1', 'created a ->3']);
  });

  it('told to invalidate, gives keys without values', async () => {
    await region.apply([put('a', '0')]);
    const watching = await watch({ mode: 'invalidate', snapshot: 'keys' });
    await told(watching);
    await region.apply([put('a', '1'), put('a', '2')]);
    expect(await told(watching)).toEqual(['updated a ->-']);
  });

  it('goes on behind a position, also after a restart', async () => {
    const watching = await watch({ snapshot: 'none' });
    await region.apply([put('a', '1'), put('a', '2')]);
    const [, first] = await events(watching);
    bench.restart();
    const again = await watch({ resumeAfter: first!.position }, {}, await reopened());
    expect(await told(again)).toEqual(['live', 'updated a 1>2']);
  });

  it('says so when it cannot go on, and begins anew', async () => {
    const client = await bench.client();
    const short = await client.region.open('short', { changeRetentionMs: 1000 });
    const [live] = await events(await watch({}, {}, short));
    await short.apply([put('a', '1'), put('a', '2')]);
    await bench.clock.advance(2000);
    await short.apply([put('b', '1')]);
    await bench.clock.advance(2000);
    expect(await told(await watch({ resumeAfter: live!.position }, {}, short))).toEqual([
      'gap',
      'snapshot a=2',
      'snapshot b=1',
      'live',
    ]);
    await client.provisioner.delete('short');
    const anew = await client.region.open('short');
    expect(await told(await watch({ resumeAfter: live!.position, snapshot: 'none' }, {}, anew))).toEqual(['gap', 'live']);
    await expect(watch({ resumeAfter: 'nonsense' }, {}, anew)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('too far behind is cut off with a gap, or told the latest, as it chose', async () => {
    const cut = await watch({ maxBacklog: 3 });
    const conflated = await watch({ maxBacklog: 3, whenFull: 'conflate' });
    await Promise.all([told(cut), told(conflated)]);
    await region.apply(['1', '2', '3', '4'].map((value) => put('a', value)));
    expect(await told(cut)).toEqual(['gap', 'snapshot a=4', 'live']);
    expect(await told(conflated)).toEqual(['created a ->4']);
  });

  it('makes writers wait only where it chose to', async () => {
    const blocking = await watch({ maxBacklog: 2, whenFull: 'block' });
    await told(blocking);
    // What the watcher has fetched already does not count as waiting.
    await region.apply([put('a', '0')]);
    await region.apply([put('a', '1'), put('a', '2')]);
    let written = false;
    const writing = region.apply([put('a', '3')]).then(() => (written = true));
    await settle();
    expect(written).toBe(false);
    expect(await told(blocking)).toEqual(['created a ->0', 'updated a 0>1', 'updated a 1>2', 'updated a 2>3']);
    await writing;
    for (const value of ['4', '5', '6']) await region.apply([put('a', value)]);
    const stuck = region.apply([put('a', '7')]);
    await blocking.close();
    await stuck;
  });

  it('refuses a writer in the end when a blocking watcher never catches up', async () => {
    const blocking = await watch({ maxBacklog: 1, whenFull: 'block' });
    await told(blocking);
    for (const value of ['0', '1']) await region.apply([put('a', value)]);
    const refused = expect(region.apply([put('a', '2')])).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      reason: 'WATCHER_BLOCKS',
    });
    await bench.clock.advance(30_000);
    await refused;
  });

  it('reads a long backlog from the journal', async () => {
    const watching = await watch({ maxBacklog: 100_000 });
    await told(watching);
    for (let i = 0; i < 10; i++) await region.apply(Array.from({ length: 1000 }, (_, n) => put(`k${n}`, String(i))));
    const all = await events(watching);
    expect(all).toHaveLength(10_000);
    expect(all.map((event) => Number(event.position.split(':')[1]))).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });
});

describe('a durable watcher', () => {
  it('gets what it missed while it was away, over a restart, from where it acknowledged', async () => {
    const first = await named();
    await region.apply([put('a', '1'), put('b', '1')]);
    const [, a] = await events(first);
    await first.ack(a!.position);
    await first.close();
    bench.restart();
    region = await reopened();
    await region.apply([put('c', '1')]);
    expect(await told(await named())).toEqual(['live', 'created b ->1', 'created c ->1']);
  });

  it('without an acknowledged snapshot gets it again', async () => {
    await region.apply([put('a', '1')]);
    await (await named()).close();
    const again = await named();
    expect(await told(again)).toEqual(['snapshot a=1', 'live']);
  });

  it('keeps its changes beyond their retention, within its backlog', async () => {
    const short = await (await bench.client()).region.open('short', { changeRetentionMs: 1000 });
    const watching = await named({ snapshot: 'none', maxBacklog: 5 }, short);
    await watching.close();
    await short.apply([put('a', '1'), put('a', '2')]);
    await bench.clock.advance(5000);
    await short.apply([put('b', '1')]);
    await bench.clock.advance(5000);
    const again = await named({ snapshot: 'none', maxBacklog: 5 }, short);
    expect(await told(again)).toEqual(['live', 'created a ->1', 'updated a 1>2', 'created b ->1']);
    await again.close();
    await short.apply(Array.from({ length: 6 }, (_, i) => put('x', String(i))));
    expect((await told(await named({ snapshot: 'none', maxBacklog: 5 }, short)))[1]).toBe('gap');
  });

  it('shares its changes by key among competing members, and hands over what a member leaves', async () => {
    const members = [await named({ competing: true, snapshot: 'none' }), await named({ competing: true, snapshot: 'none' })];
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    for (const value of ['1', '2']) await region.apply(keys.map((key) => put(key, value)));
    const got = [];
    for (const member of members) got.push((await events(member)).filter(({ kind }) => kind !== 'live'));
    const keysOf = got.map((some) => new Set(some.map((event) => ('key' in event ? event.key : ''))));
    expect(keysOf[0]!.size + keysOf[1]!.size).toBe(20);
    expect(got[0]!.length + got[1]!.length).toBe(40);
    expect(Math.min(got[0]!.length, got[1]!.length)).toBeGreaterThan(0);
    await members[1]!.ack(got[1]!.at(-1)!.position);
    await members[0]!.close();
    const taken = await events(members[1]!);
    expect(taken.map(({ position }) => position)).toEqual(got[0]!.map(({ position }) => position));
    await members[1]!.ack(taken.at(-1)!.position);
    bench.restart();
    region = await reopened();
    expect(await told(await named({ competing: true, snapshot: 'none' }))).toEqual(['live']);
  });
});
