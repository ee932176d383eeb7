import assert from 'node:assert/strict';
import { accepted, collect, drain, inAnyOrder, quiet } from '../expect.ts';
import { command, commands } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';
import { ids } from './queue.ts';

export const queueTimingScenarios = group(
  'queue timing',
  scenario('a command returns when its lease expires', [needs.queueCan('leases')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    await accepted(kit, kit.queue.send(name, [command('x')]));
    const first = await kit.queue.consume(name, { leaseMs: 5 * stepMs });
    await collect(kit, first, 1);
    const second = await kit.queue.consume(name, { leaseMs: 60_000 });
    await quiet(kit, second, 'another consumer while the lease lasts', 2 * stepMs);
    await kit.pass(5 * stepMs);
    const [again] = await collect(kit, second, 1);
    assert.equal(again!.id, 'x');
    assert.equal(again!.redeliveries, 1);
  }),

  scenario('a late acknowledgement does not take the command from its next consumer', [needs.queueCan('leases')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    await accepted(kit, kit.queue.send(name, [command('x')]));
    const first = await kit.queue.consume(name, { leaseMs: 5 * stepMs });
    const held = await collect(kit, first, 1);
    const second = await kit.queue.consume(name, { leaseMs: 60_000 });
    await kit.pass(6 * stepMs);
    await collect(kit, second, 1);
    await kit.within(first.ack(held), 'ack after the lease was lost');
    await kit.within(second.close(), 'close');
    await kit.within(first.close(), 'close');
    assert.deepEqual(ids(await drain(kit, await kit.queue.consume(name), 1)), ['x']);
  }),

  scenario('a lease that is extended lasts', [needs.queueCan('leases')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    await accepted(kit, kit.queue.send(name, [command('x')]));
    const first = await kit.queue.consume(name, { leaseMs: 5 * stepMs });
    const held = await collect(kit, first, 1);
    const second = await kit.queue.consume(name, { leaseMs: 60_000 });
    for (let round = 0; round < 4; round++) {
      await kit.pass(2 * stepMs);
      assert.deepEqual(await kit.within(first.extend(held), 'extend'), []);
    }
    await quiet(kit, second, 'another consumer while the lease is extended');
    await kit.within(first.ack(held), 'ack');
    await kit.pass(6 * stepMs);
    await quiet(kit, second, 'a queue whose command was acknowledged');
  }),

  scenario('extending tells which leases were lost', [needs.queueCan('leases')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    await accepted(kit, kit.queue.send(name, commands(2)));
    const first = await kit.queue.consume(name, { leaseMs: 5 * stepMs });
    const [a, b] = await collect(kit, first, 2);
    await kit.pass(3 * stepMs);
    await kit.within(first.extend([a!]), 'extend');
    await kit.pass(3 * stepMs);
    const second = await kit.queue.consume(name, { leaseMs: 60_000 });
    assert.deepEqual(ids(await collect(kit, second, 1)), [b!.id]);
    const lost = await kit.within(first.extend([a!, b!]), 'extend');
    assert.deepEqual(ids(lost), [b!.id]);
  }),

  scenario(
    'a jump of the wall clock neither ends nor prolongs a lease',
    [needs.queueCan('leases'), needs.clockJump],
    async (kit) => {
      const hour = 3_600_000;
      const { stepMs } = kit.timeouts;
      for (const jump of [hour, -hour]) {
        const name = kit.name('q');
        await accepted(kit, kit.queue.send(name, [command('x')]));
        const first = await kit.queue.consume(name, { leaseMs: 5 * stepMs });
        await collect(kit, first, 1);
        const second = await kit.queue.consume(name, { leaseMs: 60_000 });
        kit.broker.clock!.jump!(jump);
        await quiet(kit, second, 'another consumer while the lease lasts', 2 * stepMs);
        await kit.pass(4 * stepMs);
        assert.deepEqual(ids(await collect(kit, second, 1)), ['x']);
      }
    },
  ),

  scenario('higher priorities are handed out first', [needs.priorities], async (kit) => {
    const name = kit.name('q');
    const highest = priorityCount(kit.can.queue) - 1;
    const levels = [0, highest, 0, Math.ceil(highest / 2), highest, undefined];
    await accepted(
      kit,
      kit.queue.send(
        name,
        levels.map((priority, index) => command(`${priority ?? 0}-${index}`, { priority })),
      ),
    );
    const consumer = await kit.queue.consume(name, { maxInFlight: 1 });
    const got = (await drainOneByOne(6, async () => (await drain(kit, consumer, 1))[0]!.id)).map((id) => Number(id.split('-')[0]));
    assert.deepEqual(
      got,
      got.toSorted((a, b) => b - a),
    );
  }),

  scenario('a command that comes later overtakes those of lower priority', [needs.priorities], async (kit) => {
    const name = kit.name('q');
    const highest = priorityCount(kit.can.queue) - 1;
    await accepted(kit, kit.queue.send(name, commands(5)));
    const consumer = await kit.queue.consume(name, { maxInFlight: 1 });
    await drain(kit, consumer, 1);
    const held = await collect(kit, consumer, 1);
    await accepted(kit, kit.queue.send(name, [command('urgent', { priority: highest })]));
    await kit.within(consumer.ack(held), 'ack');
    assert.deepEqual(ids(await drain(kit, consumer, 1)), ['urgent']);
  }),

  scenario('a delayed command is not handed out before its time', [needs.queueCan('delay')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    const consumer = await kit.queue.consume(name);
    await accepted(kit, kit.queue.send(name, [command('later', { notBefore: kit.now() + 5 * stepMs }), command('now')]));
    assert.deepEqual(ids(await drain(kit, consumer, 1)), ['now'], 'a delayed command holds nothing back');
    assert.equal(await kit.within(consumer.depth(), 'depth'), 1, 'depth counts delayed commands');
    await quiet(kit, consumer, 'a consumer before the delay is over', 3 * stepMs);
    const receiving = kit.meanwhile(consumer.receive(1));
    await kit.pass(3 * stepMs);
    assert.deepEqual(ids(await kit.within(receiving, 'receive after the delay')), ['later']);
  }),

  scenario('a delayed command arrives as it was sent', [needs.queueCan('delay')], async (kit) => {
    const name = kit.name('q');
    const headers = { text: 't', list: [1, 'a'] };
    await accepted(kit, kit.queue.send(name, [command('x', { headers, notBefore: kit.now() + kit.timeouts.stepMs })]));
    await kit.pass(2 * kit.timeouts.stepMs);
    const [got] = await drain(kit, await kit.queue.consume(name), 1);
    assert.deepEqual({ ...got!.headers }, headers);
    assert.equal(got!.redeliveries, 0);
  }),

  scenario('delayed commands come in the order of their times', [needs.queueCan('delay')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    const base = kit.now() + 2 * stepMs;
    const order = [3, 1, 2];
    await accepted(
      kit,
      kit.queue.send(
        name,
        order.map((each) => command(`c${each}`, { notBefore: base + each * 2 * stepMs })),
      ),
    );
    const consumer = await kit.queue.consume(name);
    const got: string[] = [];
    for (let round = 0; round < 3; round++) {
      const receiving = kit.meanwhile(drain(kit, consumer, 1));
      await kit.pass(round === 0 ? 5 * stepMs : 2 * stepMs);
      got.push(...ids(await receiving));
    }
    assert.deepEqual(got, ['c1', 'c2', 'c3']);
  }),

  scenario('a time long gone delays nothing', [needs.queueCan('delay')], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, [command('x', { notBefore: kit.now() - 86_400_000 })]));
    assert.deepEqual(ids(await drain(kit, await kit.queue.consume(name), 1)), ['x']);
  }),

  scenario('a command released with a delay comes after it, the others do not wait', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    await accepted(kit, kit.queue.send(name, [command('first')]));
    const consumer = await kit.queue.consume(name);
    await kit.within(consumer.release(await collect(kit, consumer, 1), 5 * stepMs), 'release with a delay');
    await accepted(kit, kit.queue.send(name, [command('second')]));
    assert.deepEqual(ids(await drain(kit, consumer, 1)), ['second']);
    await quiet(kit, consumer, 'a consumer before the delay is over', 3 * stepMs);
    await kit.pass(3 * stepMs);
    const [again] = await drain(kit, consumer, 1);
    assert.deepEqual([again!.id, again!.redeliveries], ['first', 1]);
  }),

  scenario('an expired command is not handed out', [needs.queueCan('timeToLive')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    const sent = [
      command('expires', { expiresAt: kit.now() + 3 * stepMs }),
      command('stays', { expiresAt: kit.now() + 3_600_000 }),
    ];
    await accepted(kit, kit.queue.send(name, [...sent, command('endless')]));
    await kit.pass(5 * stepMs);
    const consumer = await kit.queue.consume(name);
    inAnyOrder(ids(await drain(kit, consumer, 2)), ['endless', 'stays']);
    await quiet(kit, consumer);
  }),

  scenario('a command is handed out until it expires', [needs.queueCan('timeToLive')], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, [command('x', { expiresAt: kit.now() + 50 * kit.timeouts.stepMs })]));
    assert.deepEqual(ids(await drain(kit, await kit.queue.consume(name), 1)), ['x']);
  }),

  scenario('a command released after its expiry does not come again', [needs.queueCan('timeToLive')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    await accepted(kit, kit.queue.send(name, [command('x', { expiresAt: kit.now() + 5 * stepMs })]));
    const consumer = await kit.queue.consume(name);
    const held = await collect(kit, consumer, 1);
    await kit.pass(7 * stepMs);
    await kit.within(consumer.release(held), 'release');
    await quiet(kit, consumer);
  }),

  scenario('a duplicate id is accepted and dropped', [needs.queueCan('deduplication')], async (kit) => {
    const name = kit.name('q');
    const deduplicateMs = 50 * kit.timeouts.stepMs;
    const twice = [command('x', { deduplicateMs }), command('x', { deduplicateMs }), command('y', { deduplicateMs })];
    await accepted(kit, kit.queue.send(name, twice), 3);
    await accepted(kit, kit.queue.send(name, [command('x', { deduplicateMs })]));
    const consumer = await kit.queue.consume(name);
    inAnyOrder(ids(await drain(kit, consumer, 2)), ['x', 'y']);
    await accepted(kit, kit.queue.send(name, [command('x', { deduplicateMs })]));
    await quiet(kit, consumer, 'a queue that got a duplicate of a finished command');
  }),

  scenario('an id may come again when deduplicateMs has passed', [needs.queueCan('deduplication')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    const consumer = await kit.queue.consume(name);
    for (let round = 0; round < 2; round++) {
      await accepted(kit, kit.queue.send(name, [command('x', { deduplicateMs: 5 * stepMs })]));
      assert.deepEqual(ids(await drain(kit, consumer, 1)), ['x']);
      await kit.pass(7 * stepMs);
    }
  }),

  scenario('ids are told apart per queue', [needs.queueCan('deduplication')], async (kit) => {
    for (const name of [kit.name('q'), kit.name('q')]) {
      await accepted(kit, kit.queue.send(name, [command('x', { deduplicateMs: 60_000 })]));
      assert.deepEqual(ids(await drain(kit, await kit.queue.consume(name), 1)), ['x']);
    }
  }),

  scenario('a command that nobody has started can be cancelled', [needs.queueCan('cancellation')], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, commands(3)));
    assert.equal(await kit.within(kit.queue.cancel(name, 'c1'), 'cancel'), true);
    assert.equal(await kit.within(kit.queue.cancel(name, 'c1'), 'cancel again'), false);
    assert.equal(await kit.within(kit.queue.cancel(name, 'unknown'), 'cancel of an unknown command'), false);
    const consumer = await kit.queue.consume(name);
    inAnyOrder(ids(await drain(kit, consumer, 2)), ['c0', 'c2']);
    await quiet(kit, consumer);
  }),

  scenario('a command that is being handled or done cannot be cancelled', [needs.queueCan('cancellation')], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, [command('x')]));
    const consumer = await kit.queue.consume(name);
    const held = await collect(kit, consumer, 1);
    assert.equal(await kit.within(kit.queue.cancel(name, 'x'), 'cancel of a started command'), false);
    await kit.within(consumer.release(held), 'release');
    const again = await collect(kit, consumer, 1);
    assert.deepEqual(ids(again), ['x'], 'a command that could not be cancelled goes on');
    await kit.within(consumer.ack(again), 'ack');
    assert.equal(await kit.within(kit.queue.cancel(name, 'x'), 'cancel of a finished command'), false);
  }),

  scenario('a delayed command can be cancelled', [needs.queueCan('cancellation'), needs.queueCan('delay')], async (kit) => {
    const name = kit.name('q');
    const { stepMs } = kit.timeouts;
    await accepted(kit, kit.queue.send(name, [command('x', { notBefore: kit.now() + 5 * stepMs })]));
    assert.equal(await kit.within(kit.queue.cancel(name, 'x'), 'cancel'), true);
    await kit.pass(7 * stepMs);
    await quiet(kit, await kit.queue.consume(name));
  }),
);

function priorityCount(queue: false | { readonly priorities: number }): number {
  return queue === false ? 1 : queue.priorities;
}

async function drainOneByOne(count: number, next: () => Promise<string>): Promise<readonly string[]> {
  const got: string[] = [];
  while (got.length < count) got.push(await next());
  return got;
}
