import assert from 'node:assert/strict';
import { accepted, collect, drain, inAnyOrder, quiet } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { command, commands, message, names, numbered, plain, spread, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { readAll } from '../reading.ts';
import { group, loneScenario } from '../scenario.ts';
import { apply, contents, put, remove, summary, Watching } from '../watching.ts';
import { ids } from './queue.ts';

const survives = [needs.restart, needs.durable];

/** What was acknowledged before a restart is there after it. Each scenario looks with a client that came later. */
export const survivalScenarios = group(
  'after a restart',
  loneScenario('messages are there, and what was acknowledged does not come again', survives, async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g', { partitions: 2 });
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(spread(20, 2)));
    const got = await drain(kit, consumer, 10);
    await restartAndClose(kit);
    const later = await (await kit.client()).bindConsumer(destination, 'g');
    const rest = texts(await drain(kit, later, 10));
    inAnyOrder([...texts(got), ...rest], names(20));
    await quiet(kit, later);
  }),

  loneScenario('offsets and content are as before', [...survives, needs.log()], async (kit) => {
    const destination = kit.name();
    const producer = await kit.binder.bindProducer(destination);
    const headers = { big: 2n ** 60n, bytes: new Uint8Array([255]), nested: { a: [1] } };
    await accepted(kit, producer.send(numbered(20, 'm', { headers, key: 'k' })));
    const before = await readAll(kit, destination);
    await kit.broker.restart!();
    const after = await kit.client().then((client) => readAllBy(kit, client, destination));
    assert.deepEqual(after.map(plain), before.map(plain));
  }),

  loneScenario('required groups are there', survives, async (kit) => {
    const destination = kit.name();
    const producer = await kit.binder.bindProducer(destination, { requiredGroups: ['g'] });
    await kit.within(producer.close(), 'close');
    await restartAndClose(kit);
    const client = await kit.client();
    await accepted(kit, (await client.bindProducer(destination)).send([message('x')]));
    assert.deepEqual(texts(await drain(kit, await client.bindConsumer(destination, 'g'), 1)), ['x']);
  }),

  loneScenario(
    'commands are there, the delayed ones still delayed, the held ones free',
    [...survives, needs.queueCan('delay')],
    async (kit) => {
      const name = kit.name('q');
      const notBefore = kit.now() + 3_600_000;
      await accepted(kit, kit.queue.send(name, [...commands(4), command('delayed', { notBefore })]));
      const consumer = await kit.queue.consume(name);
      const held = await collect(kit, consumer, 2);
      await kit.within(consumer.ack([held[0]!]), 'ack');
      await restartAndClose(kit);
      const later = await (await kit.client()).queue!.consume(name);
      const expected = names(4, 'c').filter((id) => id !== held[0]!.id);
      inAnyOrder(ids(await drain(kit, later, 3)), expected);
      await quiet(kit, later);
      assert.equal(await later.depth(), 1);
    },
  ),

  loneScenario('entries are there with their versions', [...survives, needs.regionCan('versions')], async (kit) => {
    const name = kit.name('r');
    const region = await kit.region.open(name);
    const versions = await apply(kit, region, [put('a', '1'), put('b', '1'), remove('b'), put('c', '')]);
    await restartAndClose(kit);
    const later = await (await kit.client()).region!.open(name);
    assert.deepEqual(Object.fromEntries(await contents(kit, later)), { a: '1', c: '' });
    await apply(kit, later, [put('a', '2', { ifVersion: versions[0]! })]);
    const [again] = await apply(kit, later, [put('b', '2')]);
    assert.ok(again! > versions[2]!, 'versions grow across removal and restart');
  }),

  loneScenario('named watchers get what they missed', [...survives, needs.regionCan('durableWatchers')], async (kit) => {
    const name = kit.name('r');
    const region = await kit.region.open(name);
    const first = await Watching.open(kit, region, { name: 'w' });
    await apply(kit, region, [put('a', '1'), put('b', '1')]);
    const [seen] = await first.changes(2);
    await kit.within(first.watch.ack(seen!.position), 'ack');
    await restartAndClose(kit);
    const later = await (await kit.client()).region!.open(name);
    const second = await Watching.open(kit, later, { name: 'w' });
    assert.deepEqual((await second.changes(1)).map(summary), ['created b=1']);
  }),

  loneScenario('a position in a region is still one', [...survives, needs.regionCan('resume')], async (kit) => {
    const name = kit.name('r');
    const region = await kit.region.open(name);
    const first = await Watching.open(kit, region);
    await apply(kit, region, [put('a', '1'), put('b', '1')]);
    const [seen] = await first.changes(1);
    await restartAndClose(kit);
    const later = await (await kit.client()).region!.open(name);
    const second = await Watching.open(kit, later, { resumeAfter: seen!.position });
    assert.deepEqual((await second.changes(1)).map(summary), ['created b=1']);
  }),

  loneScenario('parked messages are there', [...survives, needs.parking], async (kit) => {
    const deadLetter = kit.binder.provisioner.deadLetterName(kit.name(), 'g');
    await accepted(kit, kit.parking.park(deadLetter, numbered(3)));
    const [, second] = await kit.parking.list(deadLetter, 0, 10);
    await kit.parking.remove(deadLetter, [second!.position]);
    await restartAndClose(kit);
    const client = await kit.client();
    assert.deepEqual(texts(await client.parking!.list(deadLetter, 0, 10)), ['m0', 'm2']);
  }),
);

/** Restarts the broker and takes the scenario's first client away, so that nothing is left in memory. */
async function restartAndClose(kit: Kit): Promise<void> {
  await kit.within(kit.broker.restart!(), "the harness's restart", kit.timeouts.recoverMs);
  await kit.within(kit.binder.close(), 'close');
}

async function readAllBy(kit: Kit, client: Kit['binder'], destination: string) {
  const [bounds] = await client.log!.partitions(destination);
  const slice = await kit.within(client.log!.read(destination, 0, bounds!.earliest), 'read');
  return slice.messages;
}
