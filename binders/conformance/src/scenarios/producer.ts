import assert from 'node:assert/strict';
import { messageOf } from '@millrace/core';
import { drainBooked, sendBooked } from '../booking.ts';
import { accepted, drain, inAnyOrder, mustHaveCode, refused } from '../expect.ts';
import { DeliveryLedger } from '../ledger.ts';
import { keyText, message, names, numbered, spread, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const producerScenarios = group(
  'producer',
  scenario('sends that were not awaited keep their order', [needs.ordered], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const sender = await kit.binder.bindProducer(destination);
    const sends = Array.from({ length: 100 }, (_, index) => sender.send(numbered(3, `${index}-`)));
    for (const outcomes of await kit.within(Promise.all(sends), 'sends')) assert.equal(outcomes.length, 3);
    const expected = Array.from({ length: 100 }, (_, index) => names(3, `${index}-`)).flat();
    assert.deepEqual(texts(await drain(kit, consumer, 300)), expected);
  }),

  scenario('outcomes say where each message lies', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 3 });
    const sender = await kit.binder.bindProducer(destination, { partitions: 3 });
    const outcomes = await accepted(kit, sender.send(spread(30, 3)), 30);
    const got = await drain(kit, consumer, 30);
    for (const each of got) {
      const outcome = outcomes[Number(texts([each])[0]?.slice(1))]!;
      assert.equal(outcome.partition ?? each.partition, each.partition, 'the partition of the outcome');
      assert.equal(outcome.offset ?? each.offset, each.offset, 'the offset of the outcome');
    }
  }),

  scenario('messages go to the partition that they name', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 4 });
    const sender = await kit.binder.bindProducer(destination, { partitions: 4 });
    await accepted(kit, sender.send(spread(40, 4)));
    for (const each of await drain(kit, consumer, 40)) assert.equal(each.partition, Number(texts([each])[0]?.slice(1)) % 4);
  }),

  scenario('messages of one key go to one partition', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 4 });
    const sender = await kit.binder.bindProducer(destination, { partitions: 4 });
    const keyed = numbered(60, 'm', (index) => ({ key: `key-${index % 6}` }));
    await accepted(kit, sender.send(keyed));
    const partitions = new Map<unknown, number>();
    for (const each of await drain(kit, consumer, 60)) {
      const key = keyText(each.key);
      assert.equal(each.partition, partitions.get(key) ?? each.partition, `the partition of one key`);
      partitions.set(key, each.partition);
    }
    assert.equal(partitions.size, 6);
  }),

  scenario('a partition that does not exist is refused', [], async (kit) => {
    const sender = await kit.binder.bindProducer(kit.name(), { partitions: 2 });
    await refused(kit, 'INVALID_ARGUMENT', sender.send([message('x', { partition: 2 })]), 'partition 2 of 2');
  }),

  scenario('a new destination has the asked number of partitions, one by default', [], async (kit) => {
    assert.equal((await kit.binder.bindProducer(kit.name())).partitions, 1);
    assert.equal((await kit.binder.bindProducer(kit.name(), { partitions: 3 })).partitions, 3);
  }),

  scenario('an existing destination keeps its number of partitions', [], async (kit) => {
    const destination = kit.name();
    await kit.binder.provisioner.ensure(destination, { partitions: 3 });
    const sender = await kit.binder.bindProducer(destination, { partitions: 2 });
    assert.equal(sender.partitions, 3);
    assert.equal(sender.destination, destination);
  }),

  scenario('sending nothing has no outcomes', [], async (kit) => {
    const sender = await kit.binder.bindProducer(kit.name());
    assert.deepEqual(await kit.within(sender.send([]), 'send of nothing'), []);
  }),

  scenario('a large batch is taken whole', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send(numbered(3000)), 3000);
    inAnyOrder(texts(await drain(kit, consumer, 3000)), names(3000));
  }),

  scenario('closing the producer flushes what was sent', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const sender = await kit.binder.bindProducer(destination);
    const ledger = new DeliveryLedger();
    const sending = kit.meanwhile(sendBooked(kit, sender, ledger, numbered(500)));
    await kit.within(sender.close(), 'close while sends are under way');
    await sending;
    assert.equal(ledger.summary().acks, 500, 'sends before close succeed');
    await drainBooked(kit, consumer, ledger);
    ledger.check({ duplicates: 'none' });
  }),

  scenario('concurrent producers lose nothing, and each keeps its order', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const senders = await Promise.all(Array.from({ length: 10 }, () => kit.binder.bindProducer(destination)));
    const ledger = new DeliveryLedger();
    const sending = senders.map((sender, index) => sendBooked(kit, sender, ledger, numbered(100, `${index}-`)));
    await Promise.all(sending);
    assert.equal(ledger.summary().acks, 1000);
    const got = texts(await drain(kit, consumer, 1000));
    for (const text of got) ledger.received(text ?? '');
    ledger.check({ duplicates: 'none' });
    if (!kit.can.ordered) return;
    for (let index = 0; index < 10; index++)
      assert.deepEqual(
        got.filter((text) => text?.startsWith(`${index}-`)),
        names(100, `${index}-`),
      );
  }),

  scenario('required groups lose nothing that was sent before they came', [], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['first', 'second'] });
    await accepted(kit, sender.send(numbered(10)));
    for (const name of ['first', 'second']) {
      const consumer = await kit.binder.bindConsumer(destination, name);
      inAnyOrder(texts(await drain(kit, consumer, 10)), names(10));
    }
  }),

  scenario(
    'what no group gets is dropped or refused, and taken once there is a group',
    [needs.lacks(needs.retained)],
    async (kit) => {
      const destination = kit.name();
      const sender = await kit.binder.bindProducer(destination);
      const [outcome] = await kit.within(sender.send([message('nobody')]), 'send');
      if (outcome?.error !== undefined) {
        mustHaveCode(kit.binder, 'FAILED_PRECONDITION', outcome.error, 'a send that no group gets');
        assert.ok(messageOf(outcome.error).includes(destination), 'the message names the destination');
      }
      const consumer = await kit.binder.bindConsumer(destination, 'g');
      await accepted(kit, sender.send([message('somebody')]));
      assert.deepEqual(texts(await drain(kit, consumer, 1)), ['somebody']);
    },
  ),

  scenario('a required group of several partitions loses nothing', [], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 3 });
    await accepted(kit, sender.send(spread(9, 3)));
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    inAnyOrder(texts(await drain(kit, consumer, 9)), names(9));
  }),

  scenario('a producer does not disturb the groups of a destination that exists', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const first = await kit.binder.bindProducer(destination);
    await accepted(kit, first.send([message('one')]));
    const second = await kit.binder.bindProducer(destination, { requiredGroups: ['g'] });
    await accepted(kit, second.send([message('two')]));
    inAnyOrder(texts(await drain(kit, consumer, 2)), ['one', 'two']);
  }),
);
