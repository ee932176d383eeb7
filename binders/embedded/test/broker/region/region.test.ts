import { beforeEach, describe, expect, it } from 'vitest';
import type { RegionBinding, RegionChange } from '@millrace/messaging/binder';
import { Bench, bytes, text } from '../../support.ts';

let bench: Bench;
let region: RegionBinding;
beforeEach(async () => {
  bench = new Bench();
  region = await reopened();
});

async function reopened(): Promise<RegionBinding> {
  return (await bench.client()).region.open('r');
}

function put(key: string, value: string, more: Partial<RegionChange> = {}): RegionChange {
  return { key, value: bytes(value), ...more };
}

const keys = async (of: RegionBinding): Promise<string[]> => (await of.scan({}, undefined, 1000)).map(({ key }) => key);

describe('a region', () => {
  it('gives back what was put, also after a restart', async () => {
    const [outcome] = await region.apply([put('a', '1', { contentType: 'application/json' })]);
    expect(outcome).toEqual({ applied: true, version: 1, existed: false });
    bench.restart();
    const [entry, none] = await (await reopened()).get(['a', 'b']);
    expect([text(entry!.value), entry!.contentType, entry!.version, entry!.time]).toEqual([
      '1',
      'application/json',
      1,
      bench.clock.now(),
    ]);
    expect(none).toBeUndefined();
  });

  it('raises the version with every change of an entry, also across removal and restart', async () => {
    const versions: number[] = [];
    for (const value of ['1', '2', null, '3'] as const) {
      const [outcome] = await region.apply([{ key: 'a', value: value === null ? null : bytes(value) }]);
      versions.push(outcome!.version);
    }
    bench.restart();
    const [last] = await (await reopened()).apply([put('a', '4')]);
    versions.push(last!.version);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(5);
  });

  it('applies a change only if its condition holds, and tells what is there', async () => {
    const [first] = await region.apply([put('a', '1', { ifVersion: 0 })]);
    expect(first!.applied).toBe(true);
    expect(await region.apply([put('a', '2', { ifVersion: 0 })])).toEqual([{ applied: false, version: first!.version }]);
    const both = await Promise.all([
      region.apply([put('a', 'x', { ifVersion: first!.version })]),
      region.apply([put('a', 'y', { ifVersion: first!.version })]),
    ]);
    expect(both.map(([outcome]) => outcome!.applied)).toEqual([true, false]);
    expect(text((await region.get(['a']))[0]!.value)).toBe('x');
  });

  it('applies changes of one call in order, each seeing those before it', async () => {
    const outcomes = await region.apply([
      put('a', '1'),
      put('a', '2', { ifVersion: 1 }),
      { key: 'a', value: null, ifVersion: 1 },
      { key: 'b', value: null },
    ]);
    expect(outcomes.map(({ applied }) => applied)).toEqual([true, true, false, true]);
    expect(outcomes[3]).toEqual({ applied: true, version: 0, existed: false });
  });

  it('applies all or nothing when asked to', async () => {
    await region.apply([put('a', '1')]);
    const outcomes = await region.apply([put('b', '1'), put('a', '2', { ifVersion: 99 })], { atomic: true });
    expect(outcomes).toEqual([
      { applied: false, version: 0 },
      { applied: false, version: 1 },
    ]);
    expect(await keys(region)).toEqual(['a']);
    expect(
      (await region.apply([put('b', '1'), put('a', '2', { ifVersion: 1 })], { atomic: true })).every(({ applied }) => applied),
    ).toBe(true);
  });

  it('scans in key order by pages, with selectors', async () => {
    await region.apply(['b', 'a', 'ca', 'cb'].map((key, i) => put(key, `{"n":${i}}`)));
    await region.apply([{ key: 'b', value: null }, put('aa', '{"n":9}')]);
    expect(await keys(region)).toEqual(['a', 'aa', 'ca', 'cb']);
    const scan = async (selector: Parameters<RegionBinding['scan']>[0], after?: string, limit = 10) =>
      (await region.scan(selector, after, limit)).map(({ key }) => key);
    expect(await scan({}, 'a', 2)).toEqual(['aa', 'ca']);
    expect(await scan({ prefix: 'c' })).toEqual(['ca', 'cb']);
    expect(await scan({ keys: ['cb', 'x', 'a'] })).toEqual(['a', 'cb']);
    expect(await scan({ pattern: '.a' })).toEqual(['aa', 'ca']);
    expect(await scan({ where: { filter: { n: { gt: 2 } } }, prefix: 'c' })).toEqual(['cb']);
    expect(await region.count()).toBe(4);
    await expect(region.scan({ pattern: '(' }, undefined, 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('scans on over answers that hold less than was asked for', async () => {
    const value = 'x'.repeat(300_000);
    await region.apply(Array.from({ length: 12 }, (_, i) => put(String(10 + i), value)));
    expect(await region.scan({}, undefined, 10)).toHaveLength(10);
  });

  it('lets entries expire after their time, whatever the clock of the machine does, and over a restart', async () => {
    await region.apply([
      put('a', '1', { timeToLiveMs: 1000 }),
      put('b', '1', { timeToLiveMs: 5000 }),
      put('c', '1', { timeToLiveMs: 1000 }),
    ]);
    await region.apply([put('c', '2')]);
    bench.clock.jump(3_600_000);
    await bench.clock.advance(999);
    expect(await region.count()).toBe(3);
    await bench.clock.advance(1);
    expect(await keys(region)).toEqual(['b', 'c']);
    bench.clock.jump(-3_600_000);
    bench.restart();
    const again = await reopened();
    await bench.clock.advance(4001);
    expect(await keys(again)).toEqual(['c']);
  });

  it('is empty after clear, also after a restart', async () => {
    await region.apply([put('a', '1'), put('b', '1')]);
    await region.clear();
    const [outcome] = await region.apply([put('a', '2', { ifVersion: 0 })]);
    expect(outcome!.applied).toBe(true);
    bench.restart();
    expect(await keys(await reopened())).toEqual(['a']);
  });

  it('keeps the journal small without losing an entry', async () => {
    const client = await bench.client();
    const short = await client.region.open('short', { changeRetentionMs: 1000 });
    await short.apply(Array.from({ length: 100 }, (_, i) => put(`still${i}`, 'x')));
    for (let i = 0; i < 40; i++) await short.apply(Array.from({ length: 1000 }, (_, n) => put(`busy${n % 10}`, `${i}.${n}`)));
    await bench.clock.advance(5000);
    await short.apply([put('more', '1')]);
    await bench.clock.advance(5000);
    const { earliest, next } = bench.journal.bounds(3);
    expect(next - earliest).toBeLessThan(3000);
    const before = await short.scan({}, undefined, 1000);
    bench.restart();
    const after = await (await (await bench.client()).region.open('short')).scan({}, undefined, 1000);
    expect(after).toEqual(before);
    expect(after).toHaveLength(111);
  });

  it('begins anew when it is deleted and opened again', async () => {
    const client = await bench.client();
    await region.apply([put('a', '1')]);
    await client.provisioner.delete('r');
    await expect(region.get(['a'])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await (await client.region.open('r')).count()).toBe(0);
  });
});
