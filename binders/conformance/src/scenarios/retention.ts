import assert from 'node:assert/strict';
import { accepted, drain, quiet } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { message, names, numbered, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { readAll } from '../reading.ts';
import { group, scenario } from '../scenario.ts';

const compaction = needs.log('log.compaction', (can) => can.compaction);

export const retentionScenarios = group(
  'retention',
  scenario('retention by age keeps what is younger', [needs.retention('age')], async (kit) => {
    const destination = kit.name();
    await kit.binder.provisioner.ensure(destination, { retentionMs: 3_600_000 });
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send(numbered(10)));
    await kit.broker.applyRetention?.();
    assert.deepEqual(texts(await readAll(kit, destination)), names(10));
  }),

  scenario('retention by age removes what is older', [needs.retention('age'), needs.forcedRetention], async (kit) => {
    const destination = kit.name();
    const { stepMs } = kit.timeouts;
    // Longer than housekeeping takes to come, so that what is new is still young then.
    await kit.binder.provisioner.ensure(destination, { retentionMs: 20 * stepMs });
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send(numbered(10, 'old')));
    await kit.pass(25 * stepMs);
    await accepted(kit, sender.send(numbered(5, 'new')));
    await kit.broker.applyRetention!();
    await removedUpTo(kit, destination, 10);
    const slice = await kit.within(kit.log.read(destination, 0, 0), 'a read from a removed offset');
    assert.deepEqual(texts(slice.messages.slice(0, 5)), names(5, 'new'));
  }),

  scenario(
    'retention by size removes the oldest and keeps the newest',
    [needs.retention('size'), needs.forcedRetention],
    async (kit) => {
      const destination = kit.name();
      await kit.binder.provisioner.ensure(destination, { retentionBytes: 20_000 });
      const sender = await kit.binder.bindProducer(destination);
      for (let batch = 0; batch < 100; batch++) await accepted(kit, sender.send([{ payload: new Uint8Array(1000), headers: {} }]));
      await kit.broker.applyRetention!();
      await removedUpTo(kit, destination, 1);
      const kept = await readAll(kit, destination);
      assert.ok(kept.length >= 15, `a limit of 20 kB must keep more than ${kept.length} messages of 1 kB`);
    },
  ),

  scenario('compaction keeps the last message of each key', [compaction], async (kit) => {
    const destination = kit.name();
    await kit.binder.provisioner.ensure(destination, { compact: true });
    const sender = await kit.binder.bindProducer(destination);
    for (let round = 0; round < 10; round++)
      await accepted(kit, sender.send(['a', 'b', 'c'].map((key) => message(`${key}${round}`, { key }))));
    const before = await readAll(kit, destination);
    await kit.broker.applyRetention?.();
    const after = await readAll(kit, destination);
    assert.deepEqual(
      texts(after).filter((text) => text?.endsWith('9')),
      ['a9', 'b9', 'c9'],
    );
    const offsets = new Map(before.map((each) => [texts([each])[0], each.offset]));
    for (const each of after) assert.equal(each.offset, offsets.get(texts([each])[0]), 'offsets survive compaction');
  }),

  scenario('compaction removes what was replaced', [compaction, needs.forcedRetention], async (kit) => {
    const destination = kit.name();
    await kit.binder.provisioner.ensure(destination, { compact: true });
    const sender = await kit.binder.bindProducer(destination);
    // Large, since brokers clean where it frees much.
    const values = names(20, 'v').map((name) => name.padEnd(30_000, '.'));
    for (const value of values) await accepted(kit, sender.send([message(value, { key: 'k' })]));
    await kit.broker.applyRetention!();
    await kit.eventually('replaced messages being removed', async () => (await readAll(kit, destination)).length < 20);
    const kept = await readAll(kit, destination);
    assert.ok(texts(kept).at(-1) === values.at(-1), 'the last message of a key stays');
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    assert.deepEqual(texts(await drain(kit, consumer, kept.length)), texts(kept));
    await quiet(kit, consumer);
  }),
);

async function removedUpTo(kit: Kit, destination: string, offset: number): Promise<void> {
  await kit.eventually('retention removing old messages', async () => {
    const [bounds] = await kit.log.partitions(destination);
    return bounds!.earliest >= offset;
  });
}
