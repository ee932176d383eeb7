import assert from 'node:assert/strict';
import type { QueueDelivery } from '@millrace/messaging/binder';
import { drainBooked, sendBooked } from '../booking.ts';
import { Consumption } from '../consumption.ts';
import { accepted, collect, drain, inAnyOrder, quiet, refused } from '../expect.ts';
import { DeliveryLedger } from '../ledger.ts';
import { command, commands, keyText, names, plain, textOf, texts, utf8 } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const queueScenarios = group(
  'queue',
  scenario('every command goes to one consumer, once', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, commands(50)), 50);
    const consumer = await kit.queue.consume(name);
    assert.equal(consumer.queue, name);
    const got = await drain(kit, consumer, 50);
    inAnyOrder(ids(got), names(50, 'c'));
    await quiet(kit, consumer);
    await kit.within(consumer.close(), 'close');
    await quiet(kit, await kit.queue.consume(name), 'a queue whose commands were all acknowledged');
  }),

  scenario('a command arrives as it was sent', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    const headers = { text: 't', n: 2, big: 2n ** 60n, bytes: new Uint8Array([255]), list: [1, 'a'] };
    const sent = [
      command('one', { headers, key: 'k', timestamp: kit.now() - 5000 }),
      command('two', { payload: new Uint8Array(0) }),
      command('three', { payload: new Uint8Array([0xff, 0xd8, 0]) }),
    ];
    await accepted(kit, kit.queue.send(name, sent));
    const got = await drain(kit, await kit.queue.consume(name), 3);
    for (const each of got) {
      const original = sent.find((candidate) => candidate.id === each.id);
      assert.deepEqual(plain(each.payload), plain(original?.payload));
      assert.deepEqual(plain(each.headers), plain(original?.headers));
      assert.deepEqual(keyText(each.key), keyText(original?.key));
      assert.equal(each.timestamp, original?.timestamp ?? each.timestamp);
      assert.equal(each.redeliveries, 0);
    }
    assert.equal(new Set(got.map((each) => each.offset)).size, 3, 'offset is a number unique in the queue');
  }),

  scenario('consumers compete', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    const ledger = new DeliveryLedger();
    const shares = [0, 0, 0];
    const working = await Promise.all(
      shares.map(
        async (_, index) =>
          new Consumption<QueueDelivery>(kit, await kit.queue.consume(name, { maxInFlight: 2 }), (each) => {
            ledger.received(textOf(each.payload) ?? '');
            shares[index]!++;
          }),
      ),
    );
    await sendBooked(kit, { send: (sent) => kit.queue.send(name, asCommands(sent)) }, ledger, commands(300));
    await kit.eventually(`all received: ${ledger.toString()}`, () => ledger.missing().length === 0);
    await Promise.all(working.map((each) => each.stop()));
    ledger.check({ duplicates: 'none' });
    assert.ok(
      shares.every((count) => count > 0),
      `each consumer gets a share, but they got ${shares.join(', ')}`,
    );
  }),

  scenario('consumers in several clients compete, too', [needs.queue(), needs.twoClients], async (kit) => {
    const name = kit.name('q');
    const other = await kit.client();
    const both = [await kit.queue.consume(name), await other.queue!.consume(name)];
    const ledger = new DeliveryLedger();
    const working = both.map((each) => new Consumption(kit, each, (got) => ledger.received(got.id)));
    await sendBooked(kit, { send: (sent) => kit.queue.send(name, asCommands(sent)) }, ledger, commands(200));
    await kit.eventually(`all received: ${ledger.toString()}`, () => ledger.missing().length === 0);
    await Promise.all(working.map((each) => each.stop()));
    ledger.check({ duplicates: 'none' });
  }),

  scenario('of many commands none is lost or doubled', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    const ledger = new DeliveryLedger();
    const sending = { send: (sent: Parameters<typeof asCommands>[0]) => kit.queue.send(name, asCommands(sent)) };
    for (let batch = 0; batch < kit.limits.messages / 500; batch++)
      await sendBooked(kit, sending, ledger, commands(500, `${batch}-`));
    const consumer = await kit.queue.consume(name);
    await drainBooked(kit, consumer, ledger);
    ledger.check({ duplicates: 'none' });
  }),

  scenario('unfinished commands return when their consumer closes', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, commands(5)));
    const first = await kit.queue.consume(name);
    const got = await collect(kit, first, 5);
    await kit.within(first.ack(got.slice(0, 2)), 'ack');
    await kit.within(first.close(), 'close');
    const second = await kit.queue.consume(name);
    const again = await drain(kit, second, 3);
    inAnyOrder(ids(again), ids(got.slice(2)));
    assert.ok(
      again.every((each) => each.redeliveries === 1),
      'a command that was handed out once before counts one redelivery',
    );
    await quiet(kit, second);
  }),

  scenario('a command that one consumer holds goes to no other', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, [command('held')]));
    const first = await kit.queue.consume(name);
    const held = await collect(kit, first, 1);
    const second = await kit.queue.consume(name);
    await quiet(kit, second, 'another consumer');
    await accepted(kit, kit.queue.send(name, [command('next')]));
    await kit.within(first.ack(held), 'ack');
    await kit.within(first.close(), 'close');
    assert.deepEqual(ids(await drain(kit, second, 1)), ['next']);
    await quiet(kit, second);
  }),

  scenario('commands are acknowledged one by one, in any order', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, commands(6)));
    const first = await kit.queue.consume(name);
    const got = await collect(kit, first, 6);
    await kit.within(first.ack([got[5]!, got[1]!, got[3]!]), 'ack out of order');
    await kit.within(first.ack([got[5]!]), 'ack again');
    await kit.within(first.close(), 'close');
    const second = await kit.queue.consume(name);
    inAnyOrder(ids(await drain(kit, second, 3)), ids([got[0]!, got[2]!, got[4]!]));
    await quiet(kit, second);
  }),

  scenario('a released command comes again and holds nothing back', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, commands(3)));
    const consumer = await kit.queue.consume(name);
    const got = await collect(kit, consumer, 3);
    await kit.within(consumer.release([got[0]!]), 'release');
    const [again] = await collect(kit, consumer, 1);
    assert.equal(again!.id, got[0]!.id);
    assert.equal(again!.redeliveries, 1);
    await kit.within(consumer.ack([again!, got[1]!, got[2]!]), 'ack');
    await quiet(kit, consumer);
  }),

  scenario('redeliveries count up', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, [command('again')]));
    const consumer = await kit.queue.consume(name);
    for (let round = 0; round < 5; round++) {
      const got = await collect(kit, consumer, 1);
      assert.ok(got[0]!.redeliveries <= round && got[0]!.redeliveries >= Math.min(round, 1), `${got[0]!.redeliveries} at ${round}`);
      await kit.within(consumer.release(got), 'release');
    }
  }),

  scenario('maxInFlight bounds what a consumer holds, and what it holds back', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    await accepted(kit, kit.queue.send(name, commands(10)));
    const first = await kit.queue.consume(name, { maxInFlight: 2 });
    const held = await collect(kit, first, 2);
    await quiet(kit, first, 'a consumer that holds maxInFlight commands');
    const second = await kit.queue.consume(name);
    const rest = await drain(kit, second, 8);
    assert.equal(new Set(ids([...held, ...rest])).size, 10);
    await kit.within(first.ack(held), 'ack');
  }),

  scenario('depth counts what waits', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    const consumer = await kit.queue.consume(name, { maxInFlight: 2 });
    const depthIs = (count: number) => kit.eventually(`a depth of ${count}`, async () => (await consumer.depth()) === count);
    await depthIs(0);
    await accepted(kit, kit.queue.send(name, commands(5)));
    const got = await collect(kit, consumer, 2);
    await depthIs(3);
    await kit.within(consumer.ack(got), 'ack');
    const more = await drain(kit, consumer, 3);
    assert.equal(more.length, 3);
    await depthIs(0);
  }),

  scenario('queues are apart', [needs.queue()], async (kit) => {
    const [a, b] = [kit.name('q'), kit.name('q')];
    const consumer = await kit.queue.consume(a);
    await accepted(kit, kit.queue.send(b, commands(3)));
    await quiet(kit, consumer, 'another queue');
    assert.equal((await drain(kit, await kit.queue.consume(b), 3)).length, 3);
  }),

  scenario('closing a consumer ends its waiting receive with an empty batch', [needs.queue()], async (kit) => {
    const consumer = await kit.queue.consume(kit.name('q'));
    const receiving = kit.meanwhile(consumer.receive(1));
    await kit.within(Promise.all([consumer.close(), consumer.close()]), 'close while a receive waits');
    assert.deepEqual(await kit.within(receiving, 'the waiting receive'), []);
  }),

  scenario('consumers that close all at once lose nothing', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    const ledger = new DeliveryLedger();
    const consumers = await Promise.all(Array.from({ length: 10 }, () => kit.queue.consume(name)));
    const working = consumers.map((each) => new Consumption(kit, each, (got) => ledger.received(got.id)));
    const sending = kit.meanwhile(
      sendBooked(kit, { send: (sent) => kit.queue.send(name, asCommands(sent)) }, ledger, commands(300)),
    );
    await kit.eventually('some being received', () => ledger.receivedCount > 0);
    await Promise.all(working.map((each) => each.stop()));
    await sending;
    await drainBooked(kit, await kit.queue.consume(name), ledger);
    ledger.check();
  }),

  scenario(
    'a command over maxMessageBytes is refused, its neighbours are not',
    [needs.queue(), needs.reachableLimit],
    async (kit) => {
      const name = kit.name('q');
      const tooLarge = command('large', { payload: new Uint8Array(kit.can.maxMessageBytes + 1) });
      await refused(kit, ['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED'], kit.queue.send(name, [tooLarge]), 'a command over the limit');
      const outcomes = await kit.within(kit.queue.send(name, [command('a'), tooLarge, command('b')]), 'send');
      assert.deepEqual(
        outcomes.map((outcome) => outcome.error !== undefined),
        [false, true, false],
      );
      inAnyOrder(texts(await drain(kit, await kit.queue.consume(name), 2)), ['a', 'b']);
    },
  ),

  scenario('sending nothing has no outcomes', [needs.queue()], async (kit) => {
    assert.deepEqual(await kit.within(kit.queue.send(kit.name('q'), []), 'send of nothing'), []);
  }),

  scenario('a sender may reuse its buffer once the send has settled', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    const buffer = utf8('first');
    await accepted(kit, kit.queue.send(name, [command('x', { payload: buffer })]));
    buffer.set(utf8('wrong'));
    assert.deepEqual(texts(await drain(kit, await kit.queue.consume(name), 1)), ['first']);
  }),
);

export function ids(deliveries: readonly { readonly id: string }[]): string[] {
  return deliveries.map((each) => each.id);
}

/** Messages whose payload is their id. */
function asCommands(messages: readonly { readonly payload: Uint8Array | null }[]) {
  return messages.map((each) => command(textOf(each.payload) ?? ''));
}
