import assert from 'node:assert/strict';
import { drainBooked, sendBooked } from '../booking.ts';
import { accepted, collect, drain, inAnyOrder, quiet } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { DeliveryLedger } from '../ledger.ts';
import { message, names, numbered, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const deliveryScenarios = group(
  'delivery',
  scenario('every message arrives, and once it is acknowledged not again', [], async (kit) => {
    const { consumer, producer, destination } = await pair(kit);
    await accepted(kit, producer.send(numbered(100)), 100);
    inAnyOrder(texts(await drain(kit, consumer, 100)), names(100));
    await quiet(kit, consumer);
    await kit.within(consumer.close(), 'close');
    await quiet(kit, await kit.binder.bindConsumer(destination, 'g'), 'the group after all was acknowledged');
  }),

  scenario('of many messages none is lost, altered or doubled', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    const ledger = new DeliveryLedger();
    const total = kit.limits.messages;
    for (let from = 0; from < total; from += 500)
      await sendBooked(kit, producer, ledger, numbered(Math.min(500, total - from), `${from}-`));
    await drainBooked(kit, consumer, ledger);
    ledger.check({ duplicates: 'none' });
  }),

  scenario('a partition delivers in the order of acceptance, with growing offsets', [needs.ordered], async (kit) => {
    const { consumer, producer } = await pair(kit);
    for (let batch = 0; batch < 10; batch++) await accepted(kit, producer.send(numbered(20, `${batch}-`)));
    const got = await drain(kit, consumer, 200);
    assert.deepEqual(texts(got), Array.from({ length: 10 }, (_, batch) => names(20, `${batch}-`)).flat());
    for (const [index, each] of got.entries()) assert.ok(index === 0 || each.offset > got[index - 1]!.offset);
  }),

  scenario('a first delivery counts no redeliveries', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    await accepted(kit, producer.send(numbered(3)));
    assert.deepEqual(
      (await drain(kit, consumer, 3)).map((each) => each.redeliveries),
      [0, 0, 0],
    );
  }),

  scenario('what was not acknowledged comes again, what was does not', [], async (kit) => {
    const { consumer, producer, destination } = await pair(kit);
    await accepted(kit, producer.send(numbered(10)));
    const got = await collect(kit, consumer, 10);
    await kit.within(consumer.ack(got.slice(0, 4)), 'ack');
    await kit.within(consumer.close(), 'close');
    const next = await kit.binder.bindConsumer(destination, 'g');
    const again = await drain(kit, next, 6);
    inAnyOrder(texts(again), texts(got.slice(4)));
    assert.ok(
      again.every((each) => each.redeliveries <= 1),
      'redeliveries counts no more than the deliveries before',
    );
    await quiet(kit, next);
  }),

  scenario('acknowledging a delivery acknowledges all before it', [needs.cumulativeAck], async (kit) => {
    const { consumer, producer, destination } = await pair(kit);
    await accepted(kit, producer.send(numbered(10)));
    const got = await collect(kit, consumer, 10);
    await kit.within(consumer.ack([got[4]!]), 'ack');
    await kit.within(consumer.close(), 'close');
    const next = await kit.binder.bindConsumer(destination, 'g');
    assert.deepEqual(texts(await drain(kit, next, 5)), names(5, 'm', 5));
    await quiet(kit, next);
  }),

  scenario('acknowledging a delivery acknowledges no other', [needs.individualAck], async (kit) => {
    const { consumer, producer, destination } = await pair(kit);
    await accepted(kit, producer.send(numbered(10)));
    const got = await collect(kit, consumer, 10);
    await kit.within(consumer.ack(got.filter((_, index) => index % 2 === 1)), 'ack out of order');
    await kit.within(consumer.close(), 'close');
    const next = await kit.binder.bindConsumer(destination, 'g');
    inAnyOrder(texts(await drain(kit, next, 5)), texts(got.filter((_, index) => index % 2 === 0)));
    await quiet(kit, next);
  }),

  scenario('double acknowledgement is harmless', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    await accepted(kit, producer.send(numbered(4)));
    const got = await collect(kit, consumer, 2);
    await kit.within(consumer.ack(got), 'ack');
    await kit.within(consumer.ack(got), 'the same ack again');
    await kit.within(consumer.ack([]), 'an ack of nothing');
    inAnyOrder(texts(await drain(kit, consumer, 2)), names(2, 'm', 2));
    await quiet(kit, consumer);
  }),

  scenario('released messages come again', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    await accepted(kit, producer.send(numbered(5)));
    const got = await collect(kit, consumer, 5);
    await kit.within(consumer.ack(got.slice(0, 2)), 'ack');
    await kit.within(consumer.release(got.slice(2)), 'release');
    inAnyOrder(texts(await drain(kit, consumer, 3)), texts(got.slice(2)));
    await quiet(kit, consumer);
  }),

  scenario('releasing one message keeps those after it from being lost', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    await accepted(kit, producer.send(numbered(5)));
    const got = await collect(kit, consumer, 5);
    await kit.within(consumer.release([got[1]!]), 'release');
    // Cumulative acknowledgement takes the partition back to the released message; individual gives back that one alone.
    const again = kit.can.acknowledgement === 'cumulative' ? got.slice(1) : [got[1]!];
    assert.deepEqual(texts(await collect(kit, consumer, again.length)), texts(again));
    await quiet(kit, consumer);
  }),

  scenario('a message released with a delay comes after it, not before', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    const { stepMs } = kit.timeouts;
    await accepted(kit, producer.send([message('later')]));
    await kit.within(consumer.release(await collect(kit, consumer, 1), 5 * stepMs), 'release with a delay');
    await quiet(kit, consumer, 'the consumer before the delay is over', 3 * stepMs);
    await kit.pass(3 * stepMs);
    assert.deepEqual(texts(await drain(kit, consumer, 1)), ['later']);
  }),

  scenario('a jump of the wall clock neither shortens nor prolongs the delay of a release', [needs.clockJump], async (kit) => {
    const hour = 3_600_000;
    const { stepMs } = kit.timeouts;
    for (const jump of [hour, -hour]) {
      const { consumer, producer } = await pair(kit);
      await accepted(kit, producer.send([message('later')]));
      await kit.within(consumer.release(await collect(kit, consumer, 1), 5 * stepMs), 'release with a delay');
      kit.broker.clock!.jump!(jump);
      await quiet(kit, consumer, 'the consumer before the delay is over', 3 * stepMs);
      await kit.pass(3 * stepMs);
      assert.deepEqual(texts(await drain(kit, consumer, 1)), ['later']);
    }
  }),

  scenario('a message can be released again and again', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    await accepted(kit, producer.send([message('again')]));
    for (let round = 0; round < 10; round++) {
      const got = await collect(kit, consumer, 1);
      assert.deepEqual(texts(got), ['again']);
      assert.ok(got[0]!.redeliveries <= round, `redeliveries ${got[0]!.redeliveries} after ${round} deliveries`);
      await kit.within(consumer.release(got), 'release');
    }
    assert.deepEqual(texts(await drain(kit, consumer, 1)), ['again']);
    await quiet(kit, consumer);
  }),

  scenario('receive waits for what comes', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    const receiving = kit.meanwhile(consumer.receive(10));
    await kit.pass(kit.timeouts.quietMs);
    await accepted(kit, producer.send([message('awaited')]));
    assert.deepEqual(texts(await kit.within(receiving, 'the waiting receive')), ['awaited']);
  }),

  scenario('receive returns an empty batch when waitMs passed, and works after it', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    await quiet(kit, consumer);
    await quiet(kit, consumer);
    await accepted(kit, producer.send([message('x')]));
    assert.deepEqual(texts(await drain(kit, consumer, 1)), ['x']);
  }),

  scenario('receive returns no more than it was asked for', [], async (kit) => {
    const { consumer, producer } = await pair(kit);
    await accepted(kit, producer.send(numbered(10)));
    for (let count = 0; count < 9;) {
      const got = await kit.within(consumer.receive(3), 'receive(3)');
      assert.ok(got.length >= 1 && got.length <= 3, `receive(3) returned ${got.length}`);
      count += got.length;
    }
  }),

  scenario('maxInFlight bounds what is handed out before it is acknowledged', [], async (kit) => {
    const { consumer, producer } = await pair(kit, 5);
    await accepted(kit, producer.send(numbered(20)));
    const held = await collect(kit, consumer, 5);
    await quiet(kit, consumer, 'a consumer that holds maxInFlight deliveries');
    await kit.within(consumer.ack(held.slice(0, 2)), 'ack');
    await collect(kit, consumer, 2);
    await quiet(kit, consumer, 'a consumer that holds maxInFlight deliveries again');
  }),

  scenario('a slow consumer gets everything in the end', [], async (kit) => {
    const { consumer, producer } = await pair(kit, 10);
    await accepted(kit, producer.send(numbered(300)));
    inAnyOrder(texts(await drain(kit, consumer, 300)), names(300));
  }),
);

/** A destination of one partition with a consumer of group `g` and a producer. */
async function pair(kit: Kit, maxInFlight?: number) {
  const destination = kit.name();
  const consumer = await kit.within(kit.binder.bindConsumer(destination, 'g', { maxInFlight }), 'bindConsumer');
  const producer = await kit.within(kit.binder.bindProducer(destination), 'bindProducer');
  return { destination, consumer, producer };
}
