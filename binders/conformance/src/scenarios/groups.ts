import assert from 'node:assert/strict';
import type { ConsumerBinding } from '@millrace/messaging/binder';
import { drainBooked, sendBooked } from '../booking.ts';
import { Consumption } from '../consumption.ts';
import { accepted, collect, drain, inAnyOrder, quiet } from '../expect.ts';
import { DeliveryLedger } from '../ledger.ts';
import { Members } from '../members.ts';
import { message, names, numbered, spread, textOf, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const groupsScenarios = group(
  'groups',
  scenario('members of a group share its messages', [], async (kit) => {
    const destination = kit.name();
    const members = new Members(kit, 4);
    const both = [await members.join(destination, 'g'), await members.join(destination, 'g')];
    await members.settled({ spread: true });
    const sender = await kit.binder.bindProducer(destination);
    const ledger = new DeliveryLedger();
    const share = [0, 0];
    const working = both.map(
      ({ binding }, index) =>
        new Consumption(kit, binding, (each) => {
          ledger.received(textOf(each.payload) ?? '');
          share[index]!++;
        }),
    );
    await sendBooked(kit, sender, ledger, spread(200, 4));
    await kit.eventually(`all received: ${ledger.toString()}`, () => ledger.missing().length === 0);
    await Promise.all(working.map((each) => each.stop()));
    ledger.check({ duplicates: 'none' });
    assert.ok(
      share.every((count) => count > 0),
      `each member gets a share, but they got ${share.join(' and ')}`,
    );
  }),

  scenario('members in several clients share, too', [needs.twoClients], async (kit) => {
    const destination = kit.name();
    const members = new Members(kit, 4);
    const other = await kit.client();
    const both = [await members.join(destination, 'g'), await members.join(destination, 'g', { binder: other })];
    await members.settled({ spread: true });
    const ledger = new DeliveryLedger();
    const working = both.map(({ binding }) => new Consumption(kit, binding, (each) => ledger.received(textOf(each.payload) ?? '')));
    await sendBooked(kit, await kit.binder.bindProducer(destination), ledger, spread(200, 4));
    await kit.eventually(`all received: ${ledger.toString()}`, () => ledger.missing().length === 0);
    members.checkOwnership();
    await Promise.all(working.map((each) => each.stop()));
    ledger.check({ duplicates: 'none' });
  }),

  scenario('each group gets every message once', [], async (kit) => {
    const destination = kit.name();
    const consumers = await Promise.all(['a', 'b', 'c'].map((name) => kit.binder.bindConsumer(destination, name)));
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send(numbered(50)));
    for (const consumer of consumers) {
      inAnyOrder(texts(await drain(kit, consumer, 50)), names(50));
      await quiet(kit, consumer, `group ${consumer.group}`);
    }
  }),

  scenario('a group that does not read holds up no other', [], async (kit) => {
    const destination = kit.name();
    await kit.binder.bindConsumer(destination, 'idle', { maxInFlight: 1 });
    const busy = await kit.binder.bindConsumer(destination, 'busy');
    const sender = await kit.binder.bindProducer(destination);
    for (let batch = 0; batch < 4; batch++) {
      await accepted(kit, sender.send(numbered(500, `${batch}-`)));
      await drain(kit, busy, 500);
    }
  }),

  scenario('an acknowledgement counts for its own group alone', [], async (kit) => {
    const destination = kit.name();
    const [first, second] = await Promise.all([
      kit.binder.bindConsumer(destination, 'first'),
      kit.binder.bindConsumer(destination, 'second'),
    ]);
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(numbered(5)));
    await drain(kit, first, 5);
    await collect(kit, second, 5);
    await kit.within(second.close(), 'close');
    const again = await kit.binder.bindConsumer(destination, 'second');
    inAnyOrder(texts(await drain(kit, again, 5)), names(5));
  }),

  scenario('an anonymous subscription gets only what is sent after it', [], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['other'] });
    await accepted(kit, sender.send(numbered(5, 'old')));
    const consumer = await kit.binder.bindConsumer(destination, undefined);
    await accepted(kit, sender.send(numbered(5, 'new')));
    inAnyOrder(texts(await drain(kit, consumer, 5)), names(5, 'new'));
    await quiet(kit, consumer);
  }),

  scenario('anonymous subscriptions each get all, under names of their own', [], async (kit) => {
    const destination = kit.name();
    const consumers = await Promise.all([1, 2, 3].map(() => kit.binder.bindConsumer(destination, undefined)));
    assert.equal(new Set(consumers.map((each) => each.group)).size, 3, 'generated names of groups are unique');
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(numbered(10)));
    for (const consumer of consumers) inAnyOrder(texts(await drain(kit, consumer, 10)), names(10));
  }),

  scenario('an anonymous subscription is gone with its binding', [], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, undefined);
    await kit.within(consumer.close(), 'close');
    await kit.eventually('the anonymous group being gone', async () => {
      const info = await kit.binder.provisioner.describe(destination);
      return !(info?.groups ?? []).includes(consumer.group);
    });
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['other'] });
    await accepted(kit, sender.send([message('between')]));
    await quiet(kit, await kit.binder.bindConsumer(destination, undefined));
  }),

  scenario('a new named group begins with what was sent before it', [needs.retained], async (kit) => {
    const destination = kit.name();
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(numbered(10)));
    const consumer = await kit.binder.bindConsumer(destination, 'new');
    inAnyOrder(texts(await drain(kit, consumer, 10)), names(10));
  }),

  scenario('a new named group does not see what was sent before it', [needs.lacks(needs.retained)], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['other'] });
    await accepted(kit, sender.send(numbered(5, 'old')));
    const consumer = await kit.binder.bindConsumer(destination, 'new');
    await accepted(kit, sender.send([message('new')]));
    assert.deepEqual(texts(await drain(kit, consumer, 1)), ['new']);
    await quiet(kit, consumer);
  }),

  scenario('a group gets what was sent while no member was there', [], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination);
    const first = await kit.binder.bindConsumer(destination, 'g');
    await accepted(kit, sender.send([message('with')]));
    await drain(kit, first, 1);
    await kit.within(first.close(), 'close');
    await accepted(kit, sender.send(numbered(5, 'without')));
    const second = await kit.binder.bindConsumer(destination, 'g');
    inAnyOrder(texts(await drain(kit, second, 5)), names(5, 'without'));
    await quiet(kit, second);
  }),

  scenario('a group continues over five lives of its consumer', [], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['g'] });
    const ledger = new DeliveryLedger();
    const total = kit.limits.messages;
    const sending = kit.meanwhile(sendBooked(kit, sender, ledger, numbered(total)));
    for (let life = 0; life < 5; life++) {
      const consumer = await kit.binder.bindConsumer(destination, 'g');
      for (const text of texts(await drain(kit, consumer, Math.floor(total / 5)))) ledger.received(text ?? '');
      // Some are in hand, unacknowledged, when it goes; they must come to the next life.
      if (life < 4) await collect(kit, consumer, 3);
      await kit.within(consumer.close(), 'close');
    }
    await sending;
    await drainBooked(kit, await kit.binder.bindConsumer(destination, 'g'), ledger);
    ledger.check({ duplicates: 'none' });
  }),

  scenario('consumers that close all at once lose nothing', [], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { requiredGroups: ['g'], partitions: 4 });
    const ledger = new DeliveryLedger();
    const consumers: ConsumerBinding[] = [];
    for (let index = 0; index < 10; index++) consumers.push(await kit.binder.bindConsumer(destination, 'g'));
    const working = consumers.map((each) => new Consumption(kit, each, (got) => ledger.received(textOf(got.payload) ?? '')));
    const sending = kit.meanwhile(sendBooked(kit, sender, ledger, spread(400, 4)));
    await kit.eventually('some being received', () => ledger.receivedCount > 0);
    await Promise.all(working.map((each) => each.stop()));
    await sending;
    await drainBooked(kit, await kit.binder.bindConsumer(destination, 'g'), ledger);
    ledger.check();
  }),

  scenario('three groups of three members get all under concurrency', [], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { partitions: 4 });
    const teams = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const members = new Members(kit, 4);
        const joined = [
          await members.join(destination, name),
          await members.join(destination, name),
          await members.join(destination, name),
        ];
        await members.settled({ spread: true });
        return { ledger: new DeliveryLedger(), members, joined };
      }),
    );
    const working = teams.flatMap(({ ledger, joined }) =>
      joined.map(({ binding }) => new Consumption(kit, binding, (each) => ledger.received(textOf(each.payload) ?? ''))),
    );
    const sent = new DeliveryLedger();
    await sendBooked(kit, sender, sent, spread(300, 4));
    for (const { ledger } of teams) {
      for (const text of names(300)) {
        ledger.attempted(text);
        ledger.acknowledged(text);
      }
      await kit.eventually(`all received: ${ledger.toString()}`, () => ledger.missing().length === 0);
    }
    for (const { members } of teams) members.checkOwnership();
    await Promise.all(working.map((each) => each.stop()));
    assert.equal(sent.summary().acks, 300);
    for (const { ledger } of teams) ledger.check({ duplicates: 'none' });
  }),

  scenario('many subscribers each get every message', [], async (kit) => {
    const destination = kit.name();
    const count = kit.limits.subscribers;
    const consumers = await Promise.all(Array.from({ length: count }, () => kit.binder.bindConsumer(destination, undefined)));
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(numbered(10)));
    const got = await Promise.all(consumers.map((each) => drain(kit, each, 10)));
    for (const each of got) inAnyOrder(texts(each), names(10));
  }),

  scenario('destinations are apart, however alike their names', [], async (kit) => {
    const base = kit.name();
    const all = [base, `${base}.a`, `${base}-a`, `${base}.a.b`];
    const consumers = await Promise.all(all.map((each) => kit.binder.bindConsumer(each, 'g')));
    for (const each of all) await accepted(kit, (await kit.binder.bindProducer(each)).send([message(`for ${each}`)]));
    for (const [index, each] of all.entries()) {
      assert.deepEqual(texts(await drain(kit, consumers[index]!, 1)), [`for ${each}`]);
      await quiet(kit, consumers[index]!);
    }
  }),

  scenario('many destinations work at once', [], async (kit) => {
    const rounds = Array.from({ length: 20 }, async (_, index) => {
      const destination = kit.name(`many-${index}`);
      const consumer = await kit.binder.bindConsumer(destination, 'g');
      const sender = await kit.binder.bindProducer(destination);
      await accepted(kit, sender.send(numbered(20, `${index}-`)));
      inAnyOrder(texts(await drain(kit, consumer, 20)), names(20, `${index}-`));
    });
    await Promise.all(rounds);
  }),

  scenario('lag counts what the group has not acknowledged', [needs.log()], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 2 });
    const sender = await kit.binder.bindProducer(destination);
    const lagIs = (count: number) => kit.eventually(`a lag of ${count}`, async () => (await consumer.lag()) === count);
    await lagIs(0);
    await accepted(kit, sender.send(spread(10, 2)));
    await lagIs(10);
    const got = await collect(kit, consumer, 10);
    await lagIs(10);
    await kit.within(consumer.ack(got.filter((each) => each.partition === 0)), 'ack');
    await lagIs(5);
    await kit.within(consumer.ack(got), 'ack');
    await lagIs(0);
  }),
);
