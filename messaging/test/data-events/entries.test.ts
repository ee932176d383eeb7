import { ManualClock, MillraceError } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RegionCapabilities } from '../../src/binder/index.ts';
import { region, type Millrace, type RegionHandle, type Schema } from '../../src/index.ts';
import { RegionBinder } from '../support/region-binder.ts';
import { runtimeOn, until } from '../support/runtime.ts';

interface Seat {
  readonly price: number;
  readonly sold?: boolean | null;
  readonly tags?: Readonly<Record<string, string | null>>;
}

let clock: ManualClock;
let binder: RegionBinder;
let mr: Millrace;
let seats: RegionHandle<Seat>;

function setUp(can: Partial<RegionCapabilities> = {}): void {
  clock = new ManualClock();
  binder = new RegionBinder(clock, can);
  mr = runtimeOn(binder, clock).mr;
  seats = mr.region(region<Seat>('seats'));
}
beforeEach(() => setUp());
afterEach(() => mr.close({ deadlineMs: 0 }));

async function keysOf(entries: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of entries) keys.push(key);
  return keys;
}

describe('entries', () => {
  it('are read as they were put, with version and time', async () => {
    const { version } = await seats.put('7A', { price: 120 });
    expect(await seats.get('7A')).toEqual({ price: 120 });
    expect(await seats.getEntry('7A')).toEqual({ key: '7A', value: { price: 120 }, version, time: clock.now() });
    expect(await seats.get('7B')).toBeUndefined();
    expect(await seats.getAll(['7A', '7B'])).toEqual(new Map([['7A', { price: 120 }]]));
    expect(await seats.count()).toBe(1);
  });

  it('are deleted and cleared', async () => {
    await seats.putAll([
      ['a', { price: 1 }],
      ['b', { price: 2 }],
    ]);
    expect(await seats.delete('a')).toBe(true);
    expect(await seats.delete('a')).toBe(false);
    await seats.clear();
    expect(await seats.count()).toBe(0);
  });

  it('that are written at the same time go in one batch, in order', async () => {
    await seats.put('x', { price: 0 });
    binder.applied.length = 0;
    await Promise.all(Array.from({ length: 50 }, (_, price) => seats.put('x', { price })));
    expect(binder.applied.map((batch) => batch.length)).toEqual([50]);
    expect(await seats.get('x')).toEqual({ price: 49 });
  });

  it('are put only where absent', async () => {
    expect(await seats.putIfAbsent('a', { price: 1 })).toBe(true);
    expect(await seats.putIfAbsent('a', { price: 2 })).toBe(false);
    expect(await seats.get('a')).toEqual({ price: 1 });
  });

  it('are replaced only at the version that was read', async () => {
    const { version } = await seats.put('a', { price: 1 });
    await seats.replace('a', version, { price: 2 });
    const error = await seats.replace('a', version, { price: 3 }).catch((problem: MillraceError) => problem);
    expect(error).toMatchObject({
      code: 'CONFLICT',
      reason: 'ENTRY_CONFLICT',
      details: { expected: version, version: version + 1 },
    });
    expect(await seats.get('a')).toEqual({ price: 2 });
  });

  it('are patched field by field, without losing changes of others', async () => {
    await seats.put('a', { price: 1, tags: { window: 'yes', quiet: 'yes' } });
    await Promise.all([
      seats.patch('a', { sold: true }),
      seats.patch('a', { tags: { quiet: null } }),
      seats.patch('a', { price: 2 }),
    ]);
    expect(await seats.get('a')).toEqual({ price: 2, sold: true, tags: { window: 'yes' } });
    await expect(seats.patch('b', { price: 1 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are found by condition, in key order, over many pages', async () => {
    await seats.putAll(Array.from({ length: 1203 }, (_, index) => [String(index).padStart(4, '0'), { price: index }] as const));
    const all = await keysOf(seats.query());
    expect(all).toHaveLength(1203);
    expect(all.toSorted()).toEqual(all);
    expect(await keysOf(seats.query({ price: { gte: 1200 } }))).toEqual(['1200', '1201', '1202']);
  });

  it('leave conditions to the broker where it evaluates them', async () => {
    setUp({ where: 'broker' });
    await seats.putAll([
      ['a', { price: 1 }],
      ['b', { price: 2 }],
    ]);
    expect(await keysOf(seats.query({ price: 2 }))).toEqual(['b']);
  });

  it('are checked against the schema when written and when read', async () => {
    const schema: Schema<Seat> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          (value as Seat).price >= 0 ? { value: value as Seat } : { issues: [{ message: 'negative', path: ['price'] }] },
      },
    };
    const strict = mr.region(region<Seat>('seats', { schema }));
    await expect(strict.put('a', { price: -1 })).rejects.toMatchObject({ reason: 'SCHEMA_MISMATCH' });
    const some = strict.putAll([
      ['x', { price: 1 }],
      ['y', { price: -1 }],
    ]);
    await expect(some).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'ENTRIES_NOT_PUT', details: { failed: [1] } });
    expect(await strict.get('x')).toEqual({ price: 1 });
    await seats.put('a', { price: -1 });
    await expect(strict.get('a')).rejects.toThrow(/price: negative/);
  });

  it('cannot be null', async () => {
    await expect(seats.put('a', null as never)).rejects.toMatchObject({ reason: 'ENTRY_NULL' });
  });

  it('carry time to live, their own or that of the region, and metadata', async () => {
    const short = mr.region(region<Seat>('seats', { timeToLiveMs: 5000 }));
    await short.put('a', { price: 1 }, { metadata: { who: 'me' } });
    await short.put('b', { price: 1 }, { timeToLiveMs: 10 });
    expect(binder.applied.flat()).toMatchObject([{ timeToLiveMs: 5000, metadata: { who: 'me' } }, { timeToLiveMs: 10 }]);
  });
});

describe('what a store cannot do', () => {
  it('fails with UNSUPPORTED before anything is written', async () => {
    setUp({ versions: false, timeToLive: false });
    await expect(seats.putIfAbsent('a', { price: 1 })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(seats.put('a', { price: 1 }, { timeToLiveMs: 1 })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(binder.applied).toEqual([]);
  });

  it('fails for watches too', async () => {
    setUp({ durableWatchers: false, resume: false });
    await expect(seats.watch({ name: 'x' }, () => {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(seats.watch({ resume: '1' }, () => {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('failures', () => {
  it('of the broker become typed errors', async () => {
    binder.before = () => {
      throw new Error('no route');
    };
    await expect(seats.put('a', { price: 1 })).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'BINDER_FAILED' });
    await expect(seats.get('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('to answer end by the deadline: unknown for writes, exceeded for reads', async () => {
    await seats.count();
    const stuck = Promise.withResolvers<void>();
    let waiting = 0;
    binder.before = () => {
      waiting++;
      return stuck.promise;
    };
    const [put, get] = [seats.put('a', { price: 1 }), seats.get('a')].map((ends) => ends.catch((error: MillraceError) => error));
    await until('both are on their way', () => waiting === 2);
    await clock.advance(31_000);
    stuck.resolve();
    expect(await put).toMatchObject({ code: 'INDETERMINATE', reason: 'WRITE_UNKNOWN' });
    expect(await get).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });
});
