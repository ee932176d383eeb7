import assert from 'node:assert/strict';
import type { RegionBinding } from '@millrace/messaging/binder';
import { inAnyOrder } from '../expect.ts';
import type { Kit } from '../kit.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';
import { apply, contents, lastKey, put, remove, Replica, summary, Watching } from '../watching.ts';

export const watchPositionsScenarios = group(
  'watch positions',
  scenario('a watch resumes after a position with what was missed, and nothing else', [needs.regionCan('resume')], async (kit) => {
    const region = await opened(kit);
    const first = await Watching.open(kit, region);
    await apply(kit, region, [put('a', '1'), put('b', '1'), put('c', '1')]);
    const seen = await first.changes(2);
    await kit.within(first.watch.close(), 'close');
    await apply(kit, region, [put('a', '2'), remove('b')]);
    const second = await Watching.open(kit, region, { snapshot: 'values', resumeAfter: seen[1]!.position });
    assert.deepEqual((await second.changes(3)).map(summary), ['created c=1', 'updated a=2', 'removed b']);
    await apply(kit, region, [put('d', '1')]);
    assert.deepEqual((await second.changes(1)).map(summary), ['created d=1']);
    await second.quiet();
  }),

  scenario('a watch resumes after the marker of its snapshot', [needs.regionCan('resume')], async (kit) => {
    const region = await opened(kit);
    await apply(kit, region, [put('a', '1')]);
    const first = await Watching.open(kit, region, { snapshot: 'values' });
    let event = await first.next();
    while (event.kind !== 'live') event = await first.next();
    await kit.within(first.watch.close(), 'close');
    await apply(kit, region, [put('a', '2')]);
    const second = await Watching.open(kit, region, { resumeAfter: event.position });
    assert.deepEqual((await second.changes(1)).map(summary), ['updated a=2']);
    await second.quiet();
  }),

  scenario('a position that is too old gives all changes, or a gap and a snapshot', [needs.regionCan('resume')], async (kit) => {
    const { region, position } = await withOldPosition(kit);
    const watching = await Watching.open(kit, region, { snapshot: 'values', resumeAfter: position });
    const replica = new Replica();
    replica.entries.set('first', 'x');
    while (!replica.entries.has(lastKey)) replica.take(await watching.next());
    assert.deepEqual(replica.entries, await contents(kit, region));
  }),

  scenario(
    'a position that retention removed gives a gap with its reason',
    [needs.regionCan('resume'), needs.forcedRetention],
    async (kit) => {
      const { region, position } = await withOldPosition(kit);
      await kit.broker.applyRetention!();
      const watching = await Watching.open(kit, region, { snapshot: 'values', resumeAfter: position });
      const event = await watching.next();
      assert.equal(event.kind, 'gap');
      assert.ok(event.kind === 'gap' && event.reason.length > 0, 'a gap says why');
      const snapshot = await watching.snapshot();
      inAnyOrder(
        snapshot.map((each) => each.key),
        [...(await contents(kit, region)).keys()],
      );
      await apply(kit, region, [put('after', 'x')]);
      assert.deepEqual((await watching.changes(1)).map(summary), ['created after=x']);
    },
  ),

  scenario('a named watcher gets what it missed', [needs.regionCan('durableWatchers')], async (kit) => {
    const region = await opened(kit);
    const first = await Watching.open(kit, region, { name: 'w' });
    await apply(kit, region, [put('a', '1'), put('b', '1')]);
    const seen = await first.changes(2);
    await kit.within(first.watch.ack(seen[0]!.position), 'ack');
    await kit.within(first.watch.close(), 'close');
    await apply(kit, region, [put('a', '2'), remove('b')]);
    const second = await Watching.open(kit, region, { name: 'w' });
    assert.deepEqual((await second.changes(3)).map(summary), ['created b=1', 'updated a=2', 'removed b']);
    await second.quiet();
  }),

  scenario('what a named watcher acknowledged does not come again', [needs.regionCan('durableWatchers')], async (kit) => {
    const region = await opened(kit);
    const first = await Watching.open(kit, region, { name: 'w' });
    await apply(kit, region, [put('a', '1'), put('b', '1')]);
    const seen = await first.changes(2);
    await kit.within(first.watch.ack(seen[1]!.position), 'ack');
    await kit.within(first.watch.close(), 'close');
    await (await Watching.open(kit, region, { name: 'w' })).quiet('a named watcher that is up to date');
  }),

  scenario('named watchers are apart', [needs.regionCan('durableWatchers')], async (kit) => {
    const region = await opened(kit);
    for (const name of ['a', 'b']) await (await Watching.open(kit, region, { name })).watch.close();
    await apply(kit, region, [put('k', '1')]);
    for (const name of ['a', 'b']) {
      const watching = await Watching.open(kit, region, { name });
      const [seen] = await watching.changes(1);
      assert.equal(summary(seen!), 'created k=1');
      await kit.within(watching.watch.ack(seen!.position), 'ack');
      await kit.within(watching.watch.close(), 'close');
    }
  }),

  scenario('a named watcher outlives its client', [needs.regionCan('durableWatchers'), needs.twoClients], async (kit) => {
    const name = kit.name('r');
    const region = await kit.region.open(name);
    const client = await kit.client();
    await Watching.open(kit, await client.region!.open(name), { name: 'w' });
    await kit.within(client.close(), 'close of the client');
    await apply(kit, region, [put('k', '1')]);
    const again = await Watching.open(kit, region, { name: 'w' });
    assert.deepEqual((await again.changes(1)).map(summary), ['created k=1']);
  }),

  scenario('competing members share the changes by key, each key in order', [needs.regionCan('durableWatchers')], async (kit) => {
    const region = await opened(kit);
    const options = { name: 'team', competing: true };
    const members = [await Watching.open(kit, region, options), await Watching.open(kit, region, options)];
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    for (let round = 0; round < 5; round++)
      await apply(
        kit,
        region,
        keys.map((key) => put(key, `${key}:${round}`)),
      );
    const got = new Map<string, string[]>();
    const shares = await gather(kit, members, 100, (key, value) => got.set(key, [...(got.get(key) ?? []), value]));
    for (const key of keys)
      assert.deepEqual(
        got.get(key),
        [0, 1, 2, 3, 4].map((round) => `${key}:${round}`),
      );
    assert.ok(
      shares.every((count) => count > 0),
      `each member gets a share, but they got ${shares.join(' and ')}`,
    );
  }),

  scenario('what a competing member had not acknowledged goes to the others', [needs.regionCan('durableWatchers')], async (kit) => {
    const region = await opened(kit);
    const options = { name: 'team', competing: true };
    const first = await Watching.open(kit, region, options);
    await apply(kit, region, [put('a', '1'), put('b', '1'), put('c', '1')]);
    await first.changes(3);
    const second = await Watching.open(kit, region, options);
    await kit.within(first.watch.close(), 'close');
    inAnyOrder(
      (await second.changes(3)).map((event) => event.key),
      ['a', 'b', 'c'],
    );
  }),

  scenario("a slow watcher with 'disconnect' stalls no writer and is told of its gap", [needs.region()], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region, { snapshot: 'values', maxBacklog: 5, whenFull: 'disconnect' });
    await watching.live();
    await writeManyAndEnd(kit, region);
    const replica = new Replica();
    while (!replica.entries.has(lastKey)) replica.take(await watching.next());
    assert.ok(replica.gaps > 0, 'a watcher that lost changes gets a gap');
    assert.deepEqual(replica.entries, await contents(kit, region));
  }),

  scenario("a slow watcher with 'conflate' stalls no writer and gets the last values", [needs.region()], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region, { snapshot: 'values', maxBacklog: 5, whenFull: 'conflate' });
    await watching.live();
    await writeManyAndEnd(kit, region);
    const replica = new Replica();
    while (!replica.entries.has(lastKey)) replica.take(await watching.next());
    assert.deepEqual(replica.entries, await contents(kit, region));
  }),

  scenario("a slow watcher with 'block' holds writers up and loses nothing", [needs.region()], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region, { maxBacklog: 5, whenFull: 'block' });
    let written = 0;
    const writing = kit.meanwhile(
      (async () => {
        for (; written < 300; written++) await region.apply([put(`k${written % 3}`, `v${written}`)]);
      })(),
    );
    await kit.pass(kit.timeouts.quietMs);
    assert.ok(written < 300, 'the writer must wait for a watcher that asked to block');
    const events = await watching.changes(300);
    await kit.within(writing, 'the blocked writer');
    assert.deepEqual(
      events.map((event) => summary(event).split('=')[1]),
      Array.from({ length: 300 }, (_, index) => `v${index}`),
    );
  }),

  scenario('a watcher that blocks frees its writers when it closes', [needs.region()], async (kit) => {
    const region = await opened(kit);
    const watching = await Watching.open(kit, region, { maxBacklog: 5, whenFull: 'block' });
    const writing = kit.meanwhile(writeManyAndEnd(kit, region));
    await kit.pass(kit.timeouts.quietMs);
    await kit.within(watching.watch.close(), 'close');
    await kit.within(writing, 'the writer after the watcher that blocked it closed');
  }),
);

async function opened(kit: Kit): Promise<RegionBinding> {
  return kit.within(kit.region.open(kit.name('r')), 'open of a region');
}

/** A region whose changes are kept only shortly, and a position in it from before that. */
async function withOldPosition(kit: Kit) {
  const { stepMs } = kit.timeouts;
  const region = await kit.region.open(kit.name('r'), { changeRetentionMs: 5 * stepMs });
  const watching = await Watching.open(kit, region);
  await apply(kit, region, [put('first', 'x')]);
  const [event] = await watching.changes(1);
  await kit.within(watching.watch.close(), 'close');
  for (let round = 0; round < 20; round++) await apply(kit, region, [put(`k${round % 7}`, `v${round}`)]);
  await kit.pass(10 * stepMs);
  await apply(kit, region, [remove('first'), put(lastKey, 'end')]);
  return { region, position: event!.position };
}

/** More changes than a small backlog holds; each must be accepted although nobody reads. */
async function writeManyAndEnd(kit: Kit, region: RegionBinding): Promise<void> {
  for (let round = 0; round < 100; round++) await apply(kit, region, [put(`k${round % 10}`, `v${round}`)]);
  await apply(kit, region, [remove('k0'), put(lastKey, 'end')]);
}

/** Receives from all members until `count` changes have come; returns how many each got. */
async function gather(
  kit: Kit,
  members: readonly Watching[],
  count: number,
  take: (key: string, value: string) => void,
): Promise<readonly number[]> {
  const shares = members.map(() => 0);
  const receiving = members.map(async (member, index) => {
    for (;;) {
      const events = await member.watch.receive(10);
      if (events.length === 0) return;
      for (const event of events) {
        if (event.kind === 'live') continue;
        const [key, value] = summary(event).split(' ')[1]!.split('=');
        take(key!, value!);
        shares[index]!++;
      }
      await member.watch.ack(events.at(-1)!.position);
    }
  });
  const total = () => shares.reduce((sum, share) => sum + share, 0);
  await kit.eventually(`${count} changes being received`, () => total() >= count);
  await Promise.all(members.map((member) => member.watch.close()));
  await kit.within(Promise.all(receiving), 'receive of closed watches');
  return shares;
}
