import assert from 'node:assert/strict';
import type { RegionBinding, WatchEvent } from '@millrace/messaging/binder';
import { inAnyOrder } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { textOf } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';
import { apply, contents, lastKey, put, putJson, remove, Replica, summary, Watching } from '../watching.ts';

export const watchScenarios = group(
  'watch',
  scenario('a watch without a snapshot tells what changes from now on', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('old', 'x')]);
    const watching = await Watching.open(kit, region);
    await apply(kit, region, [put('k', '1'), put('k', '2'), remove('k')]);
    assert.deepEqual((await watching.changes(3)).map(summary), ['created k=1', 'updated k=2', 'removed k']);
    await watching.quiet();
  }),

  scenario('a snapshot of values comes first, then the marker, then changes', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('a', '1'), put('b', '2', { contentType: 'text/plain' }), put('c', '3'), remove('c')]);
    const watching = await Watching.open(kit, region, { snapshot: 'values' });
    const snapshot = await watching.snapshot();
    inAnyOrder(snapshot.map(summary), ['snapshot a=1', 'snapshot b=2']);
    assert.equal(snapshot.find((event) => event.key === 'b')!.entry!.contentType, 'text/plain');
    await apply(kit, region, [put('a', '2')]);
    assert.deepEqual((await watching.changes(1)).map(summary), ['updated a=2']);
  }),

  scenario('a snapshot of keys has no values', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('a', '1'), put('b', '2')]);
    const snapshot = await (await Watching.open(kit, region, { snapshot: 'keys' })).snapshot();
    inAnyOrder(
      snapshot.map((event) => [event.key, event.entry]),
      [
        ['a', undefined],
        ['b', undefined],
      ],
    );
  }),

  scenario('a large snapshot is complete', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const count = 1500;
    await apply(
      kit,
      region,
      Array.from({ length: count }, (_, index) => put(`k${index}`, `v${index}`)),
    );
    const snapshot = await (await Watching.open(kit, region, { snapshot: 'values' })).snapshot();
    assert.equal(new Set(snapshot.map((event) => event.key)).size, count);
    assert.equal(snapshot.length, count);
  }),

  scenario('between snapshot and changes there is no gap, under concurrent writes', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const keys = Array.from({ length: 30 }, (_, index) => `k${index}`);
    const stopping = new AbortController();
    const writing = kit.meanwhile(
      (async () => {
        // No more than a watcher that does not read yet may have waiting for it.
        for (let round = 0; !stopping.signal.aborted && round < 200; round++) {
          for (const key of keys) await apply(kit, region, [put(key, `${round}`)]);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })(),
    );
    const watchings: Watching[] = [];
    for (let index = 0; index < 10; index++) {
      watchings.push(await Watching.open(kit, region, { snapshot: 'values' }));
      await kit.pass(2);
    }
    stopping.abort();
    await writing;
    await apply(kit, region, [put(lastKey, 'end')]);
    const expected = await contents(kit, region);
    for (const watching of watchings) {
      const replica = new Replica();
      while (!replica.entries.has(lastKey)) replica.take(successive(await watching.next(), replica));
      assert.deepEqual(replica.entries, expected);
    }
  }),

  scenario('every change is told, in the order of its key', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region);
    const keys = ['a', 'b', 'c', 'd'];
    await Promise.all(
      keys.map(async (key) => {
        for (let round = 0; round < 50; round++) await apply(kit, region, [put(key, `${key}${round}`)]);
      }),
    );
    const events = await watching.changes(200);
    for (const key of keys) {
      const ofKey = events.filter((event) => event.key === key);
      assert.deepEqual(
        ofKey.map((event) => textOf(event.value)),
        Array.from({ length: 50 }, (_, round) => `${key}${round}`),
      );
      assert.deepEqual(
        ofKey.map((event) => event.version),
        ofKey.map((event) => event.version).toSorted((a, b) => a - b),
      );
    }
    await watching.quiet();
  }),

  scenario('removing what is absent and what conflicts is told to nobody', [needs.regionCan('versions')], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('k', '1')]);
    const watching = await Watching.open(kit, region);
    await region.apply([put('k', '2', { ifVersion: 0 }), remove('missing')]);
    await watching.quiet();
  }),

  scenario('changes carry the value before', [needs.regionCan('previousValue')], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region);
    await apply(kit, region, [put('k', '1'), put('k', '2'), remove('k'), put('k', '3')]);
    const events = await watching.changes(4);
    assert.deepEqual(
      events.map((event) => textOf(event.previous)),
      [null, '1', '2', null],
    );
  }),

  scenario(
    'without the capability changes carry no value before',
    [needs.lacks(needs.regionCan('previousValue'), 'region')],
    async (kit) => {
      const region = await opened(kit);
      const watching = await Watching.open(kit, region);
      await apply(kit, region, [put('k', '1'), put('k', '2')]);
      for (const event of await watching.changes(2)) assert.equal(event.previous, undefined);
    },
  ),

  scenario('changes carry who made them and why', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region);
    const metadata = { who: 'me', big: 2n ** 60n, bytes: new Uint8Array([1]) };
    await apply(kit, region, [put('k', '1', { metadata, contentType: 'text/plain' })], { origin: 'here' });
    await apply(kit, region, [put('k', '2')]);
    const [first, second] = await watching.changes(2);
    assert.deepEqual({ ...first!.metadata, bytes: [...(first!.metadata['bytes'] as Uint8Array)] }, { ...metadata, bytes: [1] });
    assert.deepEqual([first!.origin, first!.contentType], ['here', 'text/plain']);
    assert.deepEqual([second!.origin, { ...second!.metadata }], [undefined, {}]);
    assert.ok(first!.time >= kit.now() - kit.limits.clockSkewMs);
  }),

  scenario('own writes can be left out', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region, { excludeOrigin: 'me' });
    await apply(kit, region, [put('a', 'mine')], { origin: 'me' });
    await apply(kit, region, [put('b', 'yours')], { origin: 'you' });
    await apply(kit, region, [put('a', 'nobody’s')]);
    assert.deepEqual((await watching.changes(2)).map(summary), ['created b=yours', 'updated a=nobody’s']);
  }),

  scenario('clearing is one change', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('a', '1'), put('b', '2')]);
    const watching = await Watching.open(kit, region);
    await kit.within(region.clear({ origin: 'me' }), 'clear');
    await apply(kit, region, [put('a', '3')]);
    const events = await watching.changes(2);
    assert.deepEqual(events.map(summary), ['cleared', 'created a=3']);
    assert.equal(events[0]!.origin, 'me');
  }),

  scenario('an expiry is told as one', [needs.regionCan('timeToLive')], async (kit) => {
    const region = await opened(kit);
    const { stepMs } = kit.timeouts;
    const watching = await Watching.open(kit, region);
    await apply(kit, region, [put('k', 'v', { timeToLiveMs: 3 * stepMs })]);
    await watching.changes(1);
    const expiring = kit.meanwhile(watching.changes(1));
    await kit.pass(5 * stepMs);
    const [event] = await expiring;
    assert.equal(summary(event!), 'expired k');
    if (kit.can.region !== false && kit.can.region.previousValue) assert.equal(textOf(event!.previous), 'v');
    await apply(kit, region, [put('k', 'w')]);
    const [created] = await watching.changes(1);
    assert.equal(summary(created!), 'created k=w');
    assert.ok(created!.version > event!.version, 'versions grow across expiry');
  }),

  scenario('a watch tells of the keys it asks for alone', [needs.region()], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('a/1', 'x'), put('b/1', 'x')]);
    const options = { snapshot: 'values' } as const;
    const watchings = [
      await Watching.open(kit, region, options, { prefix: 'a/' }),
      await Watching.open(kit, region, options, { pattern: 'a/[0-9]+' }),
      await Watching.open(kit, region, options, { keys: ['a/1', 'a/2'] }),
    ];
    await apply(kit, region, [put('b/1', 'y'), put('a/2', 'y'), put('ab', 'y'), remove('b/1'), remove('a/1')]);
    for (const watching of watchings) {
      assert.deepEqual((await watching.snapshot()).map(summary), ['snapshot a/1=x']);
      assert.deepEqual((await watching.changes(2)).map(summary), ['created a/2=y', 'removed a/1']);
      await watching.quiet();
    }
  }),

  scenario('a watch with a condition tells what enters, changes in and leaves its result', [needs.brokerWhere], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [putJson('in', { n: 20 }), putJson('out', { n: 1 })]);
    const watching = await Watching.open(kit, region, { snapshot: 'keys' }, { where: { filter: { n: { gte: 10 } } } });
    await apply(kit, region, [
      putJson('out', { n: 2 }),
      putJson('out', { n: 10 }),
      putJson('in', { n: 21 }),
      putJson('in', { n: 3 }),
      putJson('new', { n: 99 }),
      remove('new'),
      putJson('never', { n: 0 }),
      remove('never'),
    ]);
    assert.deepEqual(
      (await watching.snapshot()).map((event) => event.key),
      ['in'],
    );
    const events = await watching.changes(5);
    assert.deepEqual(
      events.slice(0, 3).map((event) => `${event.kind} ${event.key}`),
      ['entered out', 'changed in', 'left in'],
    );
    // A new entry enters and a removed one leaves; a binder may say instead that it was created and removed.
    assert.match(
      events
        .slice(3)
        .map((event) => `${event.kind} ${event.key}`)
        .join(),
      /^(entered|created) new,(left|removed) new$/,
    );
    await watching.quiet();
  }),

  scenario("mode 'latest' ends with the last value of each key", [needs.watchMode('latest')], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region, { mode: 'latest' });
    const replica = new Replica();
    await apply(kit, region, [put('a', 'first'), put('b', 'first')]);
    for (const event of await watching.changes(2)) replica.take(event);
    for (let round = 0; round < 50; round++) await apply(kit, region, [put('a', `a${round}`), put('b', `b${round}`)]);
    await apply(kit, region, [remove('b'), put(lastKey, 'end')]);
    while (!replica.entries.has(lastKey)) replica.take(gapless(await watching.next(), replica));
    assert.deepEqual(replica.entries, await contents(kit, region));
  }),

  scenario("mode 'invalidate' tells keys without values", [needs.watchMode('invalidate')], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region, { mode: 'invalidate' });
    await apply(kit, region, [put('a', '1'), put('b', '2')]);
    const events = [...(await watching.changes(2))];
    await apply(kit, region, [remove('a')]);
    events.push(...(await watching.changes(1)));
    assert.deepEqual(
      events.map((event) => [event.key, event.value]),
      [
        ['a', undefined],
        ['b', undefined],
        ['a', undefined],
      ],
    );
  }),

  scenario('watchers are independent', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const watchings = await Promise.all(Array.from({ length: 10 }, () => Watching.open(kit, region)));
    await kit.within(watchings[0]!.watch.close(), 'close');
    await apply(kit, region, [put('k', 'v')]);
    for (const watching of watchings.slice(1)) assert.deepEqual((await watching.changes(1)).map(summary), ['created k=v']);
  }),

  scenario('closing a watch ends its waiting receive with an empty batch', [needs.region()], async (kit) => {
    const watching = await Watching.open(kit, await opened(kit), { snapshot: 'values' });
    await watching.live();
    const receiving = kit.meanwhile(watching.watch.receive(10));
    await kit.within(Promise.all([watching.watch.close(), watching.watch.close()]), 'close while a receive waits');
    assert.deepEqual(await kit.within(receiving, 'the waiting receive'), []);
  }),

  scenario('changes in one client reach watchers in another', [needs.region(), needs.twoClients], async (kit) => {
    const name = kit.name('r');
    const region = await kit.region.open(name);
    const elsewhere = await (await kit.client()).region!.open(name);
    const watching = await Watching.open(kit, elsewhere);
    await apply(kit, region, [put('k', 'v')]);
    assert.deepEqual((await watching.changes(1)).map(summary), ['created k=v']);
  }),
);

async function opened(kit: Kit): Promise<RegionBinding> {
  return kit.within(kit.region.open(kit.name('r')), 'open of a region');
}

function gapless<E extends { readonly kind: string }>(event: E, replica: Replica): E {
  assert.notEqual(event.kind, 'gap', `a watcher that keeps up got a gap, having seen ${replica.entries.size} keys`);
  return event;
}

/** The writer counts each key up, so that a change which was left out shows even where later ones cover it. */
function successive(event: WatchEvent, replica: Replica): WatchEvent {
  if (event.kind === 'live' || event.kind === 'snapshot' || event.kind === 'gap' || event.key === lastKey)
    return gapless(event, replica);
  const before = replica.entries.get(event.key);
  const expected = before === undefined ? '0' : String(Number(before) + 1);
  assert.equal(textOf(event.value), expected, `the change of '${event.key}' after ${before ?? 'nothing'}`);
  return event;
}
