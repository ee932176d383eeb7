import assert from 'node:assert/strict';
import { MillraceError } from '@millrace/core';
import type { ErrorCode } from '@millrace/core';
import { drainBooked, sendBooked } from '../booking.ts';
import { accepted, collect, drain, inAnyOrder, mustHaveCode, refused, rejection, rejectsWith } from '../expect.ts';
import { kitError } from '../errors.ts';
import { DeliveryLedger } from '../ledger.ts';
import { message, names, numbered, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, loneScenario, scenario } from '../scenario.ts';

/** What a call on something closed may fail with. */
const closedCodes: readonly ErrorCode[] = ['UNAVAILABLE', 'FAILED_PRECONDITION', 'CANCELLED'];

export const lifecycleScenarios = group(
  'lifecycle',
  scenario('capabilities are frozen data', [], async (kit) => {
    assert.ok(deeplyFrozen(kit.can), 'capabilities must be frozen, lists and parts included');
    assert.deepEqual(structuredClone(kit.can), kit.can, 'capabilities must be plain data');
    assert.ok(kit.can.maxMessageBytes > 0);
  }),

  scenario('a facet is there exactly where its capability is declared', [], async (kit) => {
    for (const facet of ['log', 'queue', 'region'] as const) {
      assert.equal(kit.binder[facet] !== undefined, kit.can[facet] !== false, `facet '${facet}' against its capability`);
    }
    assert.equal(kit.binder.parking !== undefined, kit.can.parking, "facet 'parking' against its capability");
    assert.equal(kit.binder.transactions !== undefined, kit.can.transactions, "facet 'transactions' against its capability");
  }),

  scenario('errors are classified by a portable code', [], async (kit) => {
    const known = new MillraceError('gone', { code: 'NOT_FOUND', reason: 'kit-test' });
    assert.equal(kit.binder.errorCode(known), 'NOT_FOUND');
    mustHaveCode(kit.binder, ['INTERNAL'], new TypeError('a mistake'), 'an error that is nothing to the binder');
  }),

  scenario('close is idempotent, also when called twice at once', [], async (kit) => {
    const client = await kit.client();
    await kit.within(Promise.all([client.close(), client.close()]), 'two closes at once');
    await kit.within(client.close(), 'a third close');
  }),

  scenario('closing a binding is idempotent, also when called twice at once', [], async (kit) => {
    const destination = kit.name();
    const producer = await kit.binder.bindProducer(destination);
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    await kit.within(Promise.all([producer.close(), producer.close(), consumer.close(), consumer.close()]), 'closes at once');
    await kit.within(Promise.all([producer.close(), consumer.close()]), 'closing again');
  }),

  scenario('use after close fails', [], async (kit) => {
    const client = await kit.client();
    const destination = kit.name();
    const producer = await client.bindProducer(destination);
    await kit.within(client.close(), 'close');
    await refused(kit, closedCodes, producer.send([message('late')]), 'send after close');
    await rejectsWith(kit, closedCodes, client.bindProducer(destination), 'bindProducer after close');
    await rejectsWith(kit, closedCodes, client.bindConsumer(destination, 'g'), 'bindConsumer after close');
    await rejectsWith(kit, closedCodes, client.provisioner.list(), 'provisioner.list after close');
  }),

  scenario('facets fail after close', [], async (kit) => {
    const client = await kit.client();
    const name = kit.name();
    await kit.within(client.close(), 'close');
    const calls = {
      'log.partitions': () => client.log?.partitions(name),
      'queue.consume': () => client.queue?.consume(name),
      'region.open': () => client.region?.open(name),
      'parking.summary': () => client.parking?.summary(),
    };
    for (const [what, call] of Object.entries(calls)) {
      const calling = call();
      if (calling !== undefined) await rejectsWith(kit, closedCodes, calling, `${what} after close`);
    }
  }),

  scenario('a send on a closed producer fails', [], async (kit) => {
    const producer = await kit.binder.bindProducer(kit.name());
    await kit.within(producer.close(), 'close');
    await refused(kit, closedCodes, producer.send([message('late')]), 'send on a closed producer');
  }),

  scenario('closing a consumer ends its waiting receive with an empty batch', [], async (kit) => {
    const consumer = await kit.binder.bindConsumer(kit.name(), 'g');
    const receiving = kit.meanwhile(consumer.receive(10));
    await kit.within(consumer.close(), 'close while a receive waits');
    assert.deepEqual(await kit.within(receiving, 'the waiting receive'), []);
    assert.deepEqual(await kit.within(consumer.receive(10), 'a receive after close'), []);
  }),

  scenario('closing the client ends its waiting receives', [], async (kit) => {
    const client = await kit.client();
    const consumers = await Promise.all([client.bindConsumer(kit.name(), 'g'), client.bindConsumer(kit.name(), undefined)]);
    const receiving = consumers.map((consumer) => kit.meanwhile(consumer.receive(10)));
    await kit.within(client.close(), 'close while receives wait');
    assert.deepEqual(await kit.within(Promise.all(receiving), 'the waiting receives'), [[], []]);
  }),

  scenario('close settles the sends under way first', [needs.twoClients], async (kit) => {
    const destination = kit.name();
    const client = await kit.client();
    const producer = await client.bindProducer(destination, { requiredGroups: ['g'] });
    const ledger = new DeliveryLedger();
    const sending = kit.meanwhile(sendBooked(kit, producer, ledger, numbered(200)));
    await kit.within(client.close(), 'close while sends are under way');
    await sending;
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    await drainBooked(kit, consumer, ledger);
    ledger.check();
  }),

  scenario('closing one client leaves the others at work', [needs.twoClients], async (kit) => {
    const destination = kit.name();
    const other = await kit.client();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    const producer = await kit.binder.bindProducer(destination);
    await other.bindProducer(destination);
    await kit.within(other.close(), 'close of the other client');
    await accepted(kit, producer.send([message('still')]));
    assert.deepEqual(texts(await collect(kit, consumer, 1)), ['still']);
  }),

  scenario('what a closed client had not acknowledged goes to another', [needs.twoClients], async (kit) => {
    const destination = kit.name();
    const leaver = await kit.client();
    const producer = await kit.binder.bindProducer(destination, { requiredGroups: ['g'] });
    const first = await leaver.bindConsumer(destination, 'g');
    await accepted(kit, producer.send(numbered(5)));
    await collect(kit, first, 5);
    await kit.within(leaver.close(), 'close of the client');
    const second = await kit.binder.bindConsumer(destination, 'g');
    inAnyOrder(texts(await drain(kit, second, 5)), names(5));
  }),

  scenario('an empty destination name is refused', [], async (kit) => {
    await rejectsWith(kit, 'INVALID_ARGUMENT', kit.binder.bindProducer(''), "bindProducer('')");
    await rejectsWith(kit, 'INVALID_ARGUMENT', kit.binder.provisioner.ensure(''), "ensure('')");
  }),

  scenario('an unreachable server is reported as such', [needs.unreachable], async (kit) => {
    const client = await kit.unreachableClient();
    const error = await rejection(kit, client.open(), 'open without a server');
    mustHaveCode(client, 'UNAVAILABLE', error, 'open without a server');
    await kit.within(client.close(), 'close after a failed open');
  }),

  loneScenario('opening and closing many times leaves nothing behind', [], async (kit) => {
    const before = openResources();
    for (let life = 0; life < 10; life++) {
      const client = await kit.client();
      const destination = kit.name();
      const consumer = await client.bindConsumer(destination, undefined);
      const producer = await client.bindProducer(destination);
      await accepted(kit, producer.send([message('x')]));
      await drain(kit, consumer, 1);
      await kit.within(client.close(), 'close');
    }
    let leaked: readonly string[] = [];
    const gone = () => (leaked = surplus(openResources(), before)).length === 0;
    await kit.eventually('sockets and workers being released', gone).catch((error: unknown) => {
      throw kitError('LEAKED', { what: leaked.join(', ') }, error);
    });
  }),
);

function deeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(deeplyFrozen);
}

/** Connections, threads and child processes that keep this process busy. */
function openResources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|Pipe|Worker|Process/.test(kind));
}

function surplus(now: readonly string[], before: readonly string[]): readonly string[] {
  const known = [...before];
  return now.filter((kind) => {
    const at = known.indexOf(kind);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}
