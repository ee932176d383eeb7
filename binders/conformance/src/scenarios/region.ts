import assert from 'node:assert/strict';
import type { RegionBinding, RegionChange, Selector } from '@millrace/messaging/binder';
import { rejectsWith } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { plain, textOf, utf8 } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';
import { apply, contents, put, putJson, remove } from '../watching.ts';

export const regionScenarios = group(
  'region',
  scenario('an entry that was put is there, as it was put', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const before = kit.now() - kit.limits.clockSkewMs;
    const value = new Uint8Array([0xff, 0xd8, 0, 1]);
    const [version] = await apply(kit, region, [{ key: 'k', value, contentType: 'image/jpeg' }]);
    const [entry, missing] = await kit.within(region.get(['k', 'missing']), 'get');
    assert.equal(missing, undefined);
    assert.deepEqual(plain(entry!.value), plain(value));
    assert.deepEqual([entry!.key, entry!.contentType], ['k', 'image/jpeg']);
    assert.equal(entry!.version, version);
    assert.ok(entry!.time >= before && entry!.time <= kit.now() + kit.limits.clockSkewMs);
  }),

  scenario('get answers in the order of the keys', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('a', '1'), put('b', '2'), put('c', '3')]);
    const got = await kit.within(region.get(['c', 'x', 'a', 'c']), 'get');
    assert.deepEqual(
      got.map((entry) => textOf(entry?.value)),
      ['3', null, '1', '3'],
    );
    assert.deepEqual(await kit.within(region.get([]), 'get of nothing'), []);
  }),

  scenario('an empty value is a value', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('k', '')]);
    const [entry] = await region.get(['k']);
    assert.equal(entry?.value.length, 0);
    assert.equal(await region.count(), 1);
  }),

  scenario('keys may hold any text', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const keys = ['a/b', 'naïve 漢字 🜁', 'a.b*c', 'quote\'"', '__proto__', 'constructor', ' '];
    await apply(
      kit,
      region,
      keys.map((key) => put(key, `of ${key}`)),
    );
    const got = await kit.within(region.get(keys), 'get');
    assert.deepEqual(
      got.map((entry) => [entry?.key, textOf(entry?.value)]),
      keys.map((key) => [key, `of ${key}`]),
    );
  }),

  scenario('outcomes tell whether the entry existed, and its version', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const steps: readonly [RegionChange, boolean][] = [
      [put('k', '1'), false],
      [put('k', '2'), true],
      [remove('k'), true],
      [remove('k'), false],
      [put('k', '3'), false],
    ];
    for (const [change, existed] of steps) {
      const [outcome] = await kit.within(region.apply([change]), 'apply');
      assert.ok(outcome?.applied);
      assert.equal(outcome.existed, existed);
    }
  }),

  scenario('changes of one call apply in order', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('k', '1'), remove('k'), put('k', '2'), put('l', 'x'), remove('l')]);
    assert.deepEqual([...(await contents(kit, region))], [['k', '2']]);
  }),

  scenario('versions grow, also across removal and clear', [needs.regionCan('versions')], async (kit) => {
    const region = await opened(kit);
    const versions = [...(await apply(kit, region, [put('k', '1'), put('k', '2'), remove('k'), put('k', '3')]))];
    await kit.within(region.clear(), 'clear');
    versions.push(...(await apply(kit, region, [put('k', '4')])));
    for (const [index, version] of versions.entries())
      assert.ok(index === 0 || version > versions[index - 1]!, versions.join(', '));
    assert.ok(versions[0]! > 0, '0 stands for an absent entry');
  }),

  scenario('a condition on the version holds or conflicts', [needs.regionCan('versions')], async (kit) => {
    const region = await opened(kit);
    const [version] = await apply(kit, region, [put('k', '1', { ifVersion: 0 })]);
    const [next] = await apply(kit, region, [put('k', '2', { ifVersion: version! })]);
    const outcomes = await kit.within(
      region.apply([put('k', 'x', { ifVersion: version! }), remove('k', { ifVersion: 0 }), put('l', 'x', { ifVersion: 7 })]),
      'apply',
    );
    assert.deepEqual(
      outcomes.map(({ applied, version: current }) => [applied, current]),
      [
        [false, next],
        [false, next],
        [false, 0],
      ],
      'a conflict tells the version that is there',
    );
    assert.deepEqual([...(await contents(kit, region))], [['k', '2']]);
    await apply(kit, region, [remove('k', { ifVersion: next! })]);
  }),

  scenario('a removed entry counts as absent', [needs.regionCan('versions')], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('k', '1'), remove('k'), put('k', '2', { ifVersion: 0 })]);
    assert.deepEqual([...(await contents(kit, region))], [['k', '2']]);
  }),

  scenario('a change that conflicts holds up no other of its call', [needs.regionCan('versions')], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('b', 'old')]);
    const outcomes = await region.apply([put('a', '1'), put('b', 'new', { ifVersion: 0 }), put('c', '3')]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.applied),
      [true, false, true],
    );
    assert.deepEqual(Object.fromEntries(await contents(kit, region)), { a: '1', b: 'old', c: '3' });
  }),

  scenario('an atomic call applies all or nothing', [needs.regionCan('versions')], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('b', 'old')]);
    const changes = [put('a', '1'), put('b', 'new', { ifVersion: 0 }), remove('b')];
    const outcomes = await kit.within(region.apply(changes, { atomic: true }), 'an atomic apply');
    assert.deepEqual(
      outcomes.map((outcome) => outcome.applied),
      [false, false, false],
    );
    assert.deepEqual(Object.fromEntries(await contents(kit, region)), { b: 'old' });
    await apply(kit, region, [put('a', '1', { ifVersion: 0 }), put('b', '2')], { atomic: true });
    assert.deepEqual(Object.fromEntries(await contents(kit, region)), { a: '1', b: '2' });
  }),

  scenario('of concurrent conditional changes one wins each round', [needs.regionCan('versions')], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('counter', '0')]);
    await Promise.all(Array.from({ length: 10 }, () => increment(kit, region, 10)));
    assert.equal((await contents(kit, region)).get('counter'), '100');
  }),

  scenario('clients see each other’s entries', [needs.region(), needs.twoClients], async (kit) => {
    const name = kit.name('r');
    const first = await kit.region.open(name);
    const second = await (await kit.client()).region!.open(name);
    await apply(kit, first, [put('k', 'from the first')]);
    assert.equal((await contents(kit, second)).get('k'), 'from the first');
    await kit.within(first.close(), 'close');
    await apply(kit, second, [put('k', 'from the second')]);
    assert.equal((await contents(kit, second)).get('k'), 'from the second');
  }),

  scenario('regions are apart', [needs.region()], async (kit) => {
    const [a, b] = [await opened(kit), await opened(kit)];
    await apply(kit, a, [put('k', 'a')]);
    assert.equal(await b.count(), 0);
    await kit.within(b.clear(), 'clear');
    assert.equal(await a.count(), 1);
  }),

  scenario('count and clear', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('a', '1'), put('b', '2'), put('a', '3'), put('c', '4'), remove('b')]);
    assert.equal(await kit.within(region.count(), 'count'), 2);
    await kit.within(region.clear(), 'clear');
    assert.equal(await region.count(), 0);
    assert.deepEqual(await region.get(['a', 'c']), [undefined, undefined]);
    await kit.within(region.clear(), 'clear of an empty region');
  }),

  scenario('a value may be changed by the caller once apply has settled', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const value = utf8('first');
    await apply(kit, region, [{ key: 'k', value }]);
    value.set(utf8('wrong'));
    assert.equal((await contents(kit, region)).get('k'), 'first');
  }),

  scenario('scan goes through the entries in key order, page by page', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const keys = Array.from({ length: 25 }, (_, index) => `k${String(index).padStart(2, '0')}`);
    await apply(
      kit,
      region,
      keys.toReversed().map((key) => put(key, key)),
    );
    const seen: string[] = [];
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const page = await kit.within(region.scan({}, after, 10), 'scan');
      assert.ok(page.length <= 10);
      if (page.length === 0) break;
      seen.push(...page.map((entry) => entry.key));
      assert.ok(seen.length <= keys.length, 'pages must not repeat entries');
    }
    assert.deepEqual(seen, keys);
  }),

  scenario('scan selects by keys, prefix and pattern', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(
      kit,
      region,
      ['a/1', 'a/2', 'ab', 'b/1', 'b/22'].map((key) => put(key, key)),
    );
    const select = async (selector: Selector) => [...(await contents(kit, region, selector)).keys()];
    assert.deepEqual(await select({ keys: ['b/1', 'a/2', 'missing'] }), ['a/2', 'b/1']);
    assert.deepEqual(await select({ prefix: 'a/' }), ['a/1', 'a/2']);
    assert.deepEqual(await select({ pattern: '[ab]/[0-9]' }), ['a/1', 'a/2', 'b/1'], 'the whole key must match');
    assert.deepEqual(await select({ prefix: 'b', pattern: '.*2' }), ['b/22'], 'all conditions must hold');
    assert.deepEqual(await select({ prefix: 'z' }), []);
  }),

  scenario('scan selects by value', [needs.brokerWhere], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [
      putJson('a', { price: 10, sold: false, seat: { row: 1, side: 'left' } }),
      putJson('b', { price: 20, sold: true, seat: { row: 2, side: 'right' } }),
      putJson('c', { price: 30, sold: false, note: null }),
    ]);
    const select = async (where: Selector['where']) => [...(await contents(kit, region, { where })).keys()].join('');
    assert.equal(await select({ filter: { sold: false } }), 'ac');
    assert.equal(await select({ filter: { price: { gte: 20 } } }), 'bc');
    assert.equal(await select({ filter: { price: { gt: 10, lt: 30 } } }), 'b');
    assert.equal(await select({ filter: { price: { in: [10, 30] }, sold: { ne: true } } }), 'ac');
    assert.equal(await select({ filter: { 'seat.row': 2 } }), 'b');
    assert.equal(await select({ filter: { 'seat.side': { prefix: 'l' } } }), 'a');
    assert.equal(await select({ filter: { seat: { exists: false } } }), 'c');
    assert.equal(await select({ filter: { $or: [{ price: 10 }, { price: 20 }] } }), 'ab');
    assert.equal(await select({ filter: { $not: { sold: true } } }), 'ac');
  }),

  scenario('an entry is gone when its time to live has passed', [needs.regionCan('timeToLive')], async (kit) => {
    const region = await opened(kit);
    const { stepMs } = kit.timeouts;
    await apply(kit, region, [put('brief', 'x', { timeToLiveMs: 5 * stepMs }), put('endless', 'y')]);
    await kit.pass(2 * stepMs);
    assert.equal(await region.count(), 2);
    await kit.pass(5 * stepMs);
    await kit.eventually('the entry being gone', async () => (await region.get(['brief']))[0] === undefined);
    assert.deepEqual(Object.fromEntries(await contents(kit, region)), { endless: 'y' });
    assert.equal(await region.count(), 1);
  }),

  scenario('a later change sets the time to live anew', [needs.regionCan('timeToLive')], async (kit) => {
    const region = await opened(kit);
    const { stepMs } = kit.timeouts;
    await apply(kit, region, [put('k', '1', { timeToLiveMs: 5 * stepMs }), put('l', '1', { timeToLiveMs: 5 * stepMs })]);
    await kit.pass(3 * stepMs);
    await apply(kit, region, [put('k', '2', { timeToLiveMs: 60_000 }), put('l', '2')]);
    await kit.pass(5 * stepMs);
    assert.deepEqual(Object.fromEntries(await contents(kit, region)), { k: '2', l: '2' });
  }),

  scenario('large values are kept whole', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const value = Uint8Array.from({ length: Math.min(1 << 18, kit.can.maxMessageBytes) }, (_, index) => (index * 7) & 0xff);
    await apply(kit, region, [{ key: 'large', value }]);
    const [entry] = await region.get(['large']);
    assert.ok(Buffer.from(value).equals(entry!.value));
  }),

  scenario('a closed region is closed, and can be opened again', [needs.region()], async (kit) => {
    const name = kit.name('r');
    const region = await kit.region.open(name);
    await apply(kit, region, [put('k', 'v')]);
    await kit.within(Promise.all([region.close(), region.close()]), 'close');
    await rejectsWith(kit, ['FAILED_PRECONDITION', 'UNAVAILABLE', 'CANCELLED'], region.get(['k']), 'get on a closed region');
    const again = await kit.region.open(name);
    assert.deepEqual(Object.fromEntries(await contents(kit, again)), { k: 'v' });
  }),
);

async function opened(kit: Kit): Promise<RegionBinding> {
  return kit.within(kit.region.open(kit.name('r')), 'open of a region');
}

/** Reads and conditionally writes until it has added one `times` times. */
async function increment(kit: Kit, region: RegionBinding, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const [entry] = await region.get(['counter']);
    const value = String(Number(textOf(entry!.value)) + 1);
    const [outcome] = await kit.within(region.apply([put('counter', value, { ifVersion: entry!.version })]), 'apply');
    if (outcome!.applied) done++;
  }
}
