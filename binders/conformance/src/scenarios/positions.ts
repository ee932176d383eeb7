import assert from 'node:assert/strict';
import { accepted, collect, drain, quiet } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { names, numbered, spread, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const positionsScenarios = group(
  'positions',
  scenario(
    "start 'earliest' gives an anonymous subscription what was sent before it",
    [needs.startsAt('earliest')],
    async (kit) => {
      const { destination } = await written(kit);
      const consumer = await kit.binder.bindConsumer(destination, undefined, { start: 'earliest' });
      assert.deepEqual(texts(await drain(kit, consumer, 10)), names(10));
    },
  ),

  scenario("start 'latest' gives a named group only what is sent after it", [needs.startsAt('latest')], async (kit) => {
    const { destination, sender } = await written(kit);
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'latest' });
    await accepted(kit, sender.send(numbered(3, 'new')));
    assert.deepEqual(texts(await drain(kit, consumer, 3)), names(3, 'new'));
    await quiet(kit, consumer);
  }),

  scenario('a group can start at an offset', [needs.startsAt('offset')], async (kit) => {
    const { destination, offsets } = await written(kit);
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: { offset: offsets[6]! } });
    assert.deepEqual(texts(await drain(kit, consumer, 4)), names(4, 'm', 6));
    await quiet(kit, consumer);
  }),

  scenario('a group can start at a time', [needs.startsAt('time')], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination);
    const base = kit.now() - 100_000;
    await accepted(kit, sender.send(numbered(10, 'm', (index) => ({ timestamp: base + 1000 * index }))));
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: { time: base + 3500 } });
    assert.deepEqual(texts(await drain(kit, consumer, 6)), names(6, 'm', 4));
    await quiet(kit, consumer);
  }),

  scenario('a group that has a position ignores where new groups start', [needs.startsAt('latest')], async (kit) => {
    const { destination, sender } = await written(kit);
    const first = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    await drain(kit, first, 10);
    await kit.within(first.close(), 'close');
    await accepted(kit, sender.send(numbered(3, 'missed')));
    const second = await kit.binder.bindConsumer(destination, 'g', { start: 'latest' });
    assert.deepEqual(texts(await drain(kit, second, 3)), names(3, 'missed'));
  }),

  scenario('committed is where the group goes on, per partition', [needs.log()], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 2 });
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send(spread(10, 2)));
    const got = (await collect(kit, consumer, 10)).filter((each) => each.partition === 0);
    assert.ok(((await kit.log.committed(destination, 'g')).get(0) ?? got[0]!.offset) <= got[0]!.offset, 'nothing is acknowledged');
    await kit.within(consumer.ack(got.slice(0, 3)), 'ack');
    await committedIs(kit, destination, 0, got[3]!.offset);
    const other = (await kit.log.committed(destination, 'g')).get(1);
    assert.ok(
      other === undefined || other === (await kit.log.partitions(destination))[1]!.earliest,
      'partition 1 was not acknowledged',
    );
  }),

  scenario('committed never passes a message that is not acknowledged', [needs.log(), needs.individualAck], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(numbered(5)));
    const got = await collect(kit, consumer, 5);
    await kit.within(consumer.ack(got.slice(1)), 'ack of all but the first');
    assert.ok(((await kit.log.committed(destination, 'g')).get(0) ?? 0) <= got[0]!.offset);
    await kit.within(consumer.ack([got[0]!]), 'ack of the first');
    await committedIs(kit, destination, 0, (await kit.log.partitions(destination))[0]!.next);
  }),

  scenario('seeking back replays to an active member', [needs.log()], async (kit) => {
    const { destination, offsets } = await written(kit);
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    await drain(kit, consumer, 10);
    await seek(kit, destination, offsets[3]!);
    assert.deepEqual(texts(await drain(kit, consumer, 7)), names(7, 'm', 3));
    await quiet(kit, consumer);
  }),

  scenario('seeking wakes a member that waits', [needs.log()], async (kit) => {
    const { destination, offsets } = await written(kit);
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    await drain(kit, consumer, 10);
    const receiving = kit.meanwhile(consumer.receive(1));
    await kit.pass(kit.timeouts.quietMs);
    await seek(kit, destination, offsets[5]!);
    assert.deepEqual(texts(await kit.within(receiving, 'receive after a seek')), ['m5']);
  }),

  scenario('seeking forward skips', [needs.log()], async (kit) => {
    const { destination, offsets } = await written(kit);
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    await drain(kit, consumer, 2);
    await seek(kit, destination, offsets[8]!);
    assert.deepEqual(texts(await drain(kit, consumer, 2)), ['m8', 'm9']);
    await quiet(kit, consumer);
  }),

  scenario('a group without members can be moved', [needs.log()], async (kit) => {
    const { destination, offsets } = await written(kit);
    const first = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    await drain(kit, first, 10);
    await kit.within(first.close(), 'close');
    await seek(kit, destination, offsets[2]!);
    await committedIs(kit, destination, 0, offsets[2]!);
    const second = await kit.binder.bindConsumer(destination, 'g');
    assert.deepEqual(texts(await drain(kit, second, 8)), names(8, 'm', 2));
  }),

  scenario('seeking moves the named partitions and no others', [needs.log()], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 2 });
    await accepted(kit, sender.send(spread(20, 2)));
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const all = await drain(kit, consumer, 20);
    const first = Math.min(...all.filter((each) => each.partition === 1).map((each) => each.offset));
    await kit.within(kit.log.seek(destination, 'g', new Map([[1, first]])), 'seek');
    assert.ok((await drain(kit, consumer, 10)).every((each) => each.partition === 1));
    await quiet(kit, consumer);
  }),

  scenario('an acknowledgement of a delivery from before a seek does not undo it', [needs.log()], async (kit) => {
    const { destination, offsets } = await written(kit);
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    const before = await collect(kit, consumer, 10);
    await seek(kit, destination, offsets[0]!);
    await kit.within(consumer.ack(before), 'ack of deliveries from before the seek');
    await kit.within(consumer.close(), 'close');
    const next = await kit.binder.bindConsumer(destination, 'g');
    assert.deepEqual(texts(await drain(kit, next, 10)), names(10));
  }),

  scenario('seeking moves one group alone', [needs.log()], async (kit) => {
    const { destination, offsets } = await written(kit);
    const other = await kit.binder.bindConsumer(destination, 'other', { start: 'earliest' });
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    await drain(kit, other, 10);
    await drain(kit, consumer, 10);
    await seek(kit, destination, offsets[0]!);
    await drain(kit, consumer, 10);
    await quiet(kit, other);
  }),
);

/** A destination of one partition with ten messages, and their offsets. */
async function written(kit: Kit) {
  const destination = kit.name();
  const sender = await kit.within(kit.binder.bindProducer(destination), 'bindProducer');
  await accepted(kit, sender.send(numbered(10)));
  const slice = await kit.within(kit.log.read(destination, 0, 0, { maxBytes: 1 << 20 }), 'read');
  return { destination, sender, offsets: slice.messages.map((each) => each.offset) };
}

async function seek(kit: Kit, destination: string, offset: number): Promise<void> {
  await kit.within(kit.log.seek(destination, 'g', new Map([[0, offset]])), 'seek');
}

async function committedIs(kit: Kit, destination: string, partition: number, offset: number): Promise<void> {
  let seen: number | undefined;
  const reached = kit.eventually('committed', async () => {
    seen = (await kit.log.committed(destination, 'g')).get(partition);
    return seen === offset;
  });
  await reached.catch(() => assert.equal(seen, offset, `the committed position of partition ${partition}`));
}
