import assert from 'node:assert/strict';
import type { LogMessage } from '@millrace/messaging/binder';
import { accepted, drain, rejectsWith } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { keyText, message, names, numbered, plain, spread, texts, utf8 } from '../messages.ts';
import * as needs from '../needs.ts';
import { readAll } from '../reading.ts';
import { group, scenario } from '../scenario.ts';

export const logScenarios = group(
  'log',
  scenario('an empty partition begins where it ends', [needs.log()], async (kit) => {
    const destination = kit.name();
    await kit.binder.provisioner.ensure(destination, { partitions: 3 });
    const bounds = await kit.within(kit.log.partitions(destination), 'partitions');
    assert.deepEqual(
      bounds.map((each) => each.partition),
      [0, 1, 2],
    );
    for (const each of bounds) assert.equal(each.earliest, each.next);
  }),

  scenario('bounds name the oldest message and the offset of the next', [needs.log()], async (kit) => {
    const { destination, sender } = await written(kit, 10);
    const all = await readAll(kit, destination);
    const [bounds] = await kit.log.partitions(destination);
    assert.equal(bounds!.earliest, all[0]!.offset);
    await accepted(kit, sender.send([message('next')]));
    const [next] = await readAll(kit, destination, bounds!.next);
    assert.deepEqual(texts([next!]), ['next']);
    assert.equal(next!.offset, bounds!.next);
  }),

  scenario('an unknown destination is not found', [needs.log()], async (kit) => {
    const name = kit.name();
    const codes = 'NOT_FOUND';
    await rejectsWith(kit, codes, kit.log.partitions(name), 'partitions');
    await rejectsWith(kit, codes, kit.log.read(name, 0, 0), 'read');
    await rejectsWith(kit, codes, kit.log.offsetAt(name, 0, 0), 'offsetAt');
    await rejectsWith(kit, codes, kit.log.committed(name, 'g'), 'committed');
    await rejectsWith(kit, codes, kit.log.seek(name, 'g', new Map([[0, 0]])), 'seek');
  }),

  scenario('reading from the start gives everything as it was sent', [needs.log()], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination);
    const timestamp = kit.now() - 5000;
    const sent = [
      message('text', { headers: { n: 7, big: 2n ** 60n, bytes: new Uint8Array([1]) }, key: 'k', timestamp }),
      { payload: null, headers: {}, key: 'k', timestamp: timestamp + 1 },
      { payload: new Uint8Array(0), headers: {}, timestamp: timestamp + 2 },
    ];
    const outcomes = await accepted(kit, sender.send(sent));
    for (const [index, each] of (await readAll(kit, destination)).entries()) {
      assert.deepEqual(plain(each.payload), plain(sent[index]!.payload));
      assert.deepEqual(plain(each.headers), plain(sent[index]!.headers));
      assert.deepEqual(keyText(each.key), keyText(sent[index]!.key));
      assert.equal(each.timestamp, sent[index]!.timestamp);
      assert.equal(each.partition, 0);
      assert.equal(each.offset, outcomes[index]!.offset ?? each.offset);
    }
  }),

  scenario('reading from an offset begins with its message, also inside a batch', [needs.log()], async (kit) => {
    const { destination } = await written(kit, 30);
    const all = await readAll(kit, destination);
    for (const index of [1, 14, 15, 29]) {
      const rest = await readAll(kit, destination, all[index]!.offset);
      assert.deepEqual(texts(rest), names(30 - index, 'm', index));
    }
  }),

  scenario('reading on from next gives everything once', [needs.log()], async (kit) => {
    const { destination } = await written(kit, 300);
    const all = await readAll(kit, destination, undefined, 256);
    assert.deepEqual(texts(all), names(300));
    const offsets = all.map((each) => each.offset);
    assert.deepEqual(
      offsets,
      [...new Set(offsets)].toSorted((a, b) => a - b),
    );
  }),

  scenario('a read within a small maxBytes still gives one message', [needs.log()], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send([{ payload: new Uint8Array(5000), headers: {} }]));
    const slice = await kit.within(kit.log.read(destination, 0, 0, { maxBytes: 1 }), 'read');
    assert.equal(slice.messages.length, 1);
  }),

  scenario('a read at the end is empty and stays there', [needs.log()], async (kit) => {
    const { destination } = await written(kit, 5);
    const [bounds] = await kit.log.partitions(destination);
    const slice = await kit.within(kit.log.read(destination, 0, bounds!.next), 'a read at the end');
    assert.deepEqual(slice.messages, []);
    assert.equal(slice.next, bounds!.next);
  }),

  scenario('a read at the end waits for more, and no longer than waitMs', [needs.log()], async (kit) => {
    const { destination, sender } = await written(kit, 5);
    const [bounds] = await kit.log.partitions(destination);
    const { quietMs } = kit.timeouts;
    const inVain = kit.meanwhile(kit.log.read(destination, 0, bounds!.next, { waitMs: quietMs }));
    await kit.pass(quietMs);
    assert.deepEqual((await kit.within(inVain, 'a read that waits in vain')).messages, []);
    const following = kit.meanwhile(kit.log.read(destination, 0, bounds!.next, { waitMs: 60_000 }));
    await kit.pass(quietMs);
    await accepted(kit, sender.send([message('more')]));
    assert.deepEqual(texts((await kit.within(following, 'a read that waits')).messages), ['more']);
  }),

  scenario('a waiting read ends when its signal is aborted', [needs.log()], async (kit) => {
    const { destination } = await written(kit, 1);
    const [bounds] = await kit.log.partitions(destination);
    const aborting = new AbortController();
    const reading = kit.meanwhile(kit.log.read(destination, 0, bounds!.next, { waitMs: 600_000, signal: aborting.signal }));
    aborting.abort();
    await rejectsWith(kit, 'CANCELLED', reading, 'an aborted read');
  }),

  scenario('a follower sees what is written while it reads', [needs.log()], async (kit) => {
    const { destination, sender } = await written(kit, 0);
    const sending = kit.meanwhile(
      (async () => {
        for (let batch = 0; batch < 20; batch++) await accepted(kit, sender.send(numbered(5, `${batch}-`)));
      })(),
    );
    const got: LogMessage[] = [];
    for (let from = 0; got.length < 100;) {
      const slice = await kit.within(kit.log.read(destination, 0, from, { waitMs: 60_000 }), 'following read');
      got.push(...slice.messages);
      from = slice.next;
    }
    await sending;
    assert.deepEqual(texts(got), Array.from({ length: 20 }, (_, batch) => names(5, `${batch}-`)).flat());
  }),

  scenario('readers are independent of each other and of groups', [needs.log()], async (kit) => {
    const { destination } = await written(kit, 20);
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    await drain(kit, consumer, 10);
    const [first, second] = await Promise.all([readAll(kit, destination), readAll(kit, destination, undefined, 64)]);
    assert.deepEqual(texts(first), names(20));
    assert.deepEqual(texts(second), names(20));
    assert.deepEqual(texts(await drain(kit, consumer, 10)), names(10, 'm', 10));
  }),

  scenario('partitions are read apart', [needs.log()], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination, { partitions: 3 });
    await accepted(kit, sender.send(spread(30, 3)));
    for (let partition = 0; partition < 3; partition++) {
      const got = texts(await readAll(kit, destination, undefined, undefined, partition));
      assert.deepEqual(
        got,
        names(30).filter((_, index) => index % 3 === partition),
      );
    }
  }),

  scenario('deliveries and reads agree on offsets', [needs.log()], async (kit) => {
    const { destination } = await written(kit, 20);
    const consumer = await kit.binder.bindConsumer(destination, 'g', { start: 'earliest' });
    const delivered = await drain(kit, consumer, 20);
    const read = await readAll(kit, destination);
    assert.deepEqual(
      delivered.map((each) => each.offset),
      read.map((each) => each.offset),
    );
  }),

  scenario('offsetAt finds the first message that is not older', [needs.log()], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination);
    const base = kit.now() - 100_000;
    const timed = numbered(10, 'm', (index) => ({ timestamp: base + 1000 * index }));
    await accepted(kit, sender.send(timed.slice(0, 5)));
    await accepted(kit, sender.send(timed.slice(5)));
    const all = await readAll(kit, destination);
    const at = (time: number) => kit.within(kit.log.offsetAt(destination, 0, time), 'offsetAt');
    assert.equal(await at(base - 1), all[0]!.offset);
    for (const index of [1, 4, 5, 8]) {
      assert.equal(await at(base + 1000 * index), all[index]!.offset, `the message at ${index} s`);
      assert.equal(await at(base + 1000 * index - 500), all[index]!.offset, `half a second before the message at ${index} s`);
    }
    assert.equal(await at(base + 9001), (await kit.log.partitions(destination))[0]!.next, 'after the last: the end');
  }),

  scenario('a tombstone is read as one, with its key', [needs.log()], async (kit) => {
    const destination = kit.name();
    const sender = await kit.binder.bindProducer(destination);
    await accepted(kit, sender.send([message('v', { key: 'k' }), { payload: null, headers: {}, key: 'k' }]));
    const all = await readAll(kit, destination);
    assert.equal(all[1]!.payload, null);
    assert.deepEqual(keyText(all[1]!.key), plain(utf8('k')));
  }),
);

/** A destination of one partition with `count` messages, half of them in one batch, half alone. */
async function written(kit: Kit, count: number) {
  const destination = kit.name();
  const sender = await kit.within(kit.binder.bindProducer(destination), 'bindProducer');
  const all = numbered(count);
  const half = Math.floor(count / 2);
  if (half > 0) await accepted(kit, sender.send(all.slice(0, half)));
  await Promise.all(all.slice(half).map((each) => accepted(kit, sender.send([each]))));
  return { destination, sender };
}
