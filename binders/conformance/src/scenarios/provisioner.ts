import assert from 'node:assert/strict';
import { messageOf } from '@millrace/core';
import type { DestinationSpec, LogSlice } from '@millrace/messaging/binder';
import { accepted, drain, inAnyOrder, quiet, rejectsWith } from '../expect.ts';
import { message, numbered, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';
import { apply, put, Watching } from '../watching.ts';

export const provisionerScenarios = group(
  'provisioner',
  scenario('ensure creates a destination once', [], async (kit) => {
    const { provisioner: admin } = kit.binder;
    const name = kit.name();
    assert.equal(await kit.within(admin.describe(name), 'describe'), undefined);
    const created = await kit.within(admin.ensure(name, { partitions: 3 }), 'ensure');
    assert.deepEqual([created.name, created.kind, created.partitions], [name, 'log', 3]);
    const again = await kit.within(admin.ensure(name, { partitions: 3 }), 'ensure again');
    assert.deepEqual([again.name, again.partitions], [name, 3]);
    assert.equal((await kit.within(admin.ensure(name), 'ensure without a wish')).partitions, 3);
  }),

  scenario('ensure at once by many creates it once', [], async (kit) => {
    const name = kit.name();
    const all = await kit.within(
      Promise.all(Array.from({ length: 10 }, () => kit.binder.provisioner.ensure(name, { partitions: 2 }))),
      'ensure by many',
    );
    for (const each of all) assert.equal(each.partitions, 2);
  }),

  scenario('a difference between wish and destination is named', [], async (kit) => {
    const { provisioner: admin } = kit.binder;
    const name = kit.name();
    await admin.ensure(name, { partitions: 2 });
    const error = await rejectsWith(
      kit,
      'FAILED_PRECONDITION',
      admin.ensure(name, { partitions: 3 }),
      'ensure with other partitions',
    );
    assert.match(messageOf(error), /partition/i, 'the message names what differs');
    assert.ok(messageOf(error).includes(name), 'the message names the destination');
    assert.equal((await admin.describe(name))!.partitions, 2, 'a failed ensure changes nothing');
  }),

  scenario('a destination of another kind is a difference', [needs.queue()], async (kit) => {
    const { provisioner: admin } = kit.binder;
    const name = kit.name();
    await admin.ensure(name, { kind: 'queue' });
    await rejectsWith(kit, 'FAILED_PRECONDITION', admin.ensure(name, { kind: 'log' }), 'ensure of another kind');
    await rejectsWith(kit, 'FAILED_PRECONDITION', kit.binder.bindProducer(name), 'bindProducer to a queue');
  }),

  ...(['log', 'queue', 'region'] as const).map((kind) =>
    scenario(`a destination of kind ${kind} is described, listed and deleted`, [needOf(kind)], async (kit) => {
      const { provisioner: admin } = kit.binder;
      const name = kit.name();
      await kit.within(admin.ensure(name, { kind }), 'ensure');
      const info = await kit.within(admin.describe(name), 'describe');
      assert.deepEqual([info?.name, info?.kind], [name, kind]);
      const listed = (await kit.within(admin.list(), 'list')).filter((each) => each.name === name);
      assert.deepEqual(
        listed.map((each) => each.kind),
        [kind],
      );
      await kit.within(admin.delete(name), 'delete');
      assert.equal(await admin.describe(name), undefined);
      assert.ok(!(await admin.list()).some((each) => each.name === name));
      await rejectsWith(kit, 'NOT_FOUND', admin.delete(name), 'delete of what is gone');
    }),
  ),

  ...retentionCases().map(({ title, need, spec, other }) =>
    scenario(title, [need], async (kit) => {
      const { provisioner: admin } = kit.binder;
      const name = kit.name();
      await admin.ensure(name, spec);
      const info: DestinationSpec = (await admin.describe(name))!;
      for (const [field, value] of Object.entries(spec)) assert.equal(info[field as keyof DestinationSpec], value, field);
      await kit.within(admin.ensure(name, spec), 'ensure again');
      await rejectsWith(kit, 'FAILED_PRECONDITION', admin.ensure(name, other), 'ensure of something else');
    }),
  ),

  scenario('groups are described', [], async (kit) => {
    const name = kit.name();
    await kit.binder.bindConsumer(name, 'a');
    await kit.binder.bindConsumer(name, 'b');
    const info = await kit.binder.provisioner.describe(name);
    // Where a broker cannot tell, the field is absent.
    if (info!.groups !== undefined) inAnyOrder(info!.groups, ['a', 'b']);
  }),

  scenario('the count, where known, is what is held', [], async (kit) => {
    const name = kit.name();
    await accepted(kit, (await kit.binder.bindProducer(name, { requiredGroups: ['g'] })).send(numbered(7)));
    const info = await kit.binder.provisioner.describe(name);
    if (info!.count !== undefined) assert.equal(info!.count, 7);
  }),

  scenario('a destination that is deleted and made again is empty', [], async (kit) => {
    const name = kit.name();
    const first = await kit.binder.bindConsumer(name, 'g');
    await accepted(kit, (await kit.binder.bindProducer(name)).send(numbered(5)));
    await kit.within(first.close(), 'close');
    await kit.within(kit.binder.provisioner.delete(name), 'delete');
    const second = await kit.binder.bindConsumer(name, 'g');
    await quiet(kit, second, 'a destination that was deleted');
    await accepted(kit, (await kit.binder.bindProducer(name)).send([message('new')]));
    assert.deepEqual(texts(await drain(kit, second, 1)), ['new']);
  }),

  scenario('a region that is deleted and made again is empty', [needs.region()], async (kit) => {
    const name = kit.name('r');
    const first = await kit.region.open(name);
    await apply(kit, first, [put('k', 'v')]);
    await kit.within(first.close(), 'close');
    await kit.within(kit.binder.provisioner.delete(name), 'delete');
    assert.equal(await (await kit.region.open(name)).count(), 0);
  }),

  scenario('deleting a destination ends the receives that wait on it', [], async (kit) => {
    const name = kit.name();
    const consumer = await kit.binder.bindConsumer(name, 'g');
    const receiving = kit.meanwhile(consumer.receive(1).catch((error: unknown) => error));
    await kit.within(kit.binder.provisioner.delete(name), 'delete');
    const end = await kit.within(receiving, 'the waiting receive');
    // Either the source says that it ended or that it died; what it must not do is hang or hand something out.
    assert.ok(!Array.isArray(end) || end.length === 0);
  }),

  scenario('deleting a queue ends the receives that wait on it', [needs.queue()], async (kit) => {
    const name = kit.name('q');
    const consumer = await kit.queue.consume(name);
    const receiving = kit.meanwhile(consumer.receive(1).catch((error: unknown) => error));
    await kit.within(kit.binder.provisioner.delete(name), 'delete');
    const end = await kit.within(receiving, 'the waiting receive');
    assert.ok(!Array.isArray(end) || end.length === 0);
  }),

  scenario('deleting a region ends the watches that wait on it', [needs.region()], async (kit) => {
    const name = kit.name('r');
    const watching = await Watching.open(kit, await kit.region.open(name));
    await watching.live();
    const receiving = kit.meanwhile(watching.watch.receive(1).catch((error: unknown) => error));
    await kit.within(kit.binder.provisioner.delete(name), 'delete');
    await kit.within(receiving, 'the waiting receive');
  }),

  scenario('deleting a destination ends the reads that wait on it', [needs.log()], async (kit) => {
    const name = kit.name();
    await kit.binder.provisioner.ensure(name);
    const reading = kit.meanwhile(kit.log.read(name, 0, 0, { waitMs: 600_000 }).catch((error: unknown) => error));
    await kit.within(kit.binder.provisioner.delete(name), 'delete');
    const end = await kit.within(reading, 'the waiting read');
    assert.ok(end instanceof Error || (end as LogSlice).messages.length === 0);
  }),

  scenario('dead-letter names are stable and apart', [], async (kit) => {
    const { provisioner: admin } = kit.binder;
    const [a, b] = [kit.name(), kit.name()];
    assert.equal(admin.deadLetterName(a, 'g'), admin.deadLetterName(a, 'g'));
    const all = [admin.deadLetterName(a, 'g'), admin.deadLetterName(a, 'h'), admin.deadLetterName(b, 'g')];
    assert.equal(new Set([...all, a, b]).size, 5);
  }),

  scenario('binding creates what is missing, visible to others', [needs.twoClients], async (kit) => {
    const [a, b] = [kit.name(), kit.name()];
    await kit.binder.bindProducer(a, { partitions: 2 });
    await kit.binder.bindConsumer(b, 'g', { partitions: 3 });
    const { provisioner: admin } = await kit.client();
    assert.equal((await admin.describe(a))?.partitions, 2);
    assert.equal((await admin.describe(b))?.partitions, 3);
  }),
);

function needOf(kind: 'log' | 'queue' | 'region') {
  // Destinations of events are there in every binder, whether or not they can be read as a log.
  return { log: { name: 'events', holds: () => true }, queue: needs.queue(), region: needs.region() }[kind];
}

function retentionCases() {
  const compaction = needs.log('log.compaction', (can) => can.compaction);
  return [
    {
      title: 'retention by age is kept and compared',
      need: needs.retention('age'),
      spec: { retentionMs: 3_600_000 },
      other: { retentionMs: 7_200_000 },
    },
    {
      title: 'retention by size is kept and compared',
      need: needs.retention('size'),
      spec: { retentionBytes: 1 << 30 },
      other: { retentionBytes: 1 << 29 },
    },
    { title: 'compaction is kept and compared', need: compaction, spec: { compact: true }, other: { compact: false } },
  ];
}
