import { javaDouble, javaLong, javaUuid } from '@millrace/messaging';
import { describe, expect, it } from 'vitest';
import { fixedShare } from './harness/bindings.ts';
import { brokers } from './harness/brokers.ts';
import { bytesStream, collect, ours } from './harness/ours.ts';
import { bytesOf, Peer, text, typed } from './harness/peer.ts';
import type { Typed } from './harness/peer.ts';

const uuid = '0fc5c1d1-9c4b-4a0e-8a0c-2f5d0f3c8e11';

/** Keys as a Spring application holds them and as we do. */
const keys: readonly [sent: Typed, ours: unknown][] = [
  ...['', 'a', 'abc', 'abc1', 'def1', 'qux1', 'customer-42', 'polygenelubricants', 'order:é', '100:48069', '🐙'].map(
    (key): [Typed, unknown] => [text(key), key],
  ),
  ...[0, 42, -1, 2_147_483_647, -2_147_483_648].map((key): [Typed, unknown] => [typed('java.lang.Integer', key), key]),
  [typed('java.lang.Long', 1_700_000_000_123), 1_700_000_000_123],
  [typed('java.lang.Long', -5), javaLong(-5)],
  [typed('java.lang.Long', '9007199254740993'), 9_007_199_254_740_993n],
  [typed('java.lang.Double', 1.5), 1.5],
  [typed('java.lang.Double', 3), javaDouble(3)],
  [typed('java.lang.Boolean', true), true],
  [typed('java.lang.Boolean', false), false],
  [typed('java.util.UUID', uuid), javaUuid(uuid)],
  [typed('java.util.ArrayList', ['a', 1, null]), ['a', 1, null]],
  [typed('java.util.LinkedHashMap', { a: 1, b: 'c' }), { a: 1, b: 'c' }],
];

const byHeader = { 'producer.partition-key-expression': "headers['key']", 'producer.partition-count': '12' };

describe.each(brokers('ours'))('partitioned streams on $name', (broker) => {
  it('Spring and ours choose the same partition for every kind of key', async () => {
    const destination = 'partitions.choice';
    await using mr = await ours(broker);
    const stream = bytesStream(destination, { partitions: 12, partitionKey: (payload) => keys[Number(payload)]![1] });
    await (await mr.binder()).raw.bindProducer(destination, { partitions: 12 });
    const inbox = await collect(mr, destination, { group: 'look' });
    await mr.publishAll(
      stream,
      keys.map((_, index) => Buffer.from(String(index))),
    );
    const chosen = await inbox.take(keys.length);
    await using peer = await Peer.start(broker, { outputs: { keyed: { destination, requiredGroups: 'look', more: byHeader } } });
    await peer.send(
      'keyed-out-0',
      keys.map(([key], index) => ({ payload: String(index), headers: { key } })),
    );
    const theirs = await inbox.take(keys.length);
    expect(partitionsOf(theirs)).toEqual(partitionsOf(chosen));
    expect(new Set(Object.values(partitionsOf(chosen))).size).toBeGreaterThan(6);
  });

  it('a key read from the payload chooses the same partition', async () => {
    const destination = 'partitions.field';
    await using mr = await ours(broker);
    const sensors = ['a1', 'b7', 'ä', 'customer-42'];
    const stream = bytesStream(destination, {
      partitions: 12,
      partitionKey: (payload) => (JSON.parse(String(payload)) as { sensor: string }).sensor,
    });
    await (await mr.binder()).raw.bindProducer(destination, { partitions: 12 });
    const inbox = await collect(mr, destination, { group: 'look' });
    await mr.publishAll(
      stream,
      sensors.map((sensor) => Buffer.from(JSON.stringify(reading(sensor)))),
    );
    const chosen = await inbox.take(sensors.length);
    const more = { ...byHeader, 'producer.partition-key-expression': 'payload.sensor()' };
    await using peer = await Peer.start(broker, { outputs: { keyed: { destination, requiredGroups: 'look', more } } });
    await peer.send(
      'keyed-out-0',
      sensors.map((sensor) => ({ object: typed('millrace.interop.peer.Reading', reading(sensor)) })),
    );
    const theirs = await inbox.take(sensors.length);
    const bySensor = (list: typeof theirs) =>
      Object.fromEntries(
        list.map(({ payload, context }) => [(JSON.parse(String(payload)) as { sensor: string }).sensor, context.partition]),
      );
    expect(bySensor(theirs)).toEqual(bySensor(chosen));
  });

  it.runIf(broker.name === 'kafka')('where the topic has more partitions than a producer says, both use all of them', async () => {
    const destination = 'partitions.more';
    await using mr = await ours(broker);
    await (await mr.binder()).raw.bindProducer(destination, { partitions: 12 });
    const stream = bytesStream(destination, { partitionKey: (payload) => String(payload) });
    const inbox = await collect(mr, destination, { group: 'look' });
    const names = ['a', 'customer-42', '100:48069', 'qux1'];
    await mr.publishAll(
      stream,
      names.map((name) => Buffer.from(name)),
    );
    const chosen = await inbox.take(names.length);
    const more = { ...byHeader, 'producer.partition-count': '3' };
    await using peer = await Peer.start(broker, { outputs: { keyed: { destination, more } } });
    await peer.send(
      'keyed-out-0',
      names.map((name) => ({ payload: name, headers: { key: text(name) } })),
    );
    expect(partitionsOf(await inbox.take(names.length))).toEqual(partitionsOf(chosen));
    expect(partitionsOf(chosen)).toEqual({ a: 1, 'customer-42': 7, '100:48069': 10, qux1: 9 });
  });

  it('instances with fixed shares, one of Spring and one of ours, have each its own', async () => {
    const destination = 'partitions.fixed';
    const group = 'pair';
    await using mr = await ours(broker);
    const stream = bytesStream(destination, { partitions: 2, partitionKey: (payload) => String(payload) });
    const names = ['a', 'b', 'c', 'd', 'customer-42', 'qux1'];
    const more = { 'consumer.partitioned': 'true', 'consumer.instance-count': '2', 'consumer.instance-index': '0' };
    await (await mr.binder()).raw.bindProducer(destination, { partitions: 2 });
    await using peer = await Peer.start(broker, {
      functions: { seen: { input: { destination, group, more, ofBinder: fixedShare(broker) } } },
    });
    const inbox = await collect(mr, destination, { group, assignment: { index: 1, count: 2 } });
    await mr.publishAll(
      stream,
      names.map((name) => Buffer.from(name)),
    );
    const theirs = await peer.taken('seen', names.filter(isEven).length);
    const own = await inbox.take(names.filter((name) => !isEven(name)).length);
    expect(theirs.map(({ payload }) => bytesOf(payload).toString()).toSorted()).toEqual(names.filter(isEven).toSorted());
    expect(own.map(({ payload }) => String(payload)).toSorted()).toEqual(names.filter((name) => !isEven(name)).toSorted());
  });
});

function reading(sensor: string): object {
  return { sensor, celsius: 1, note: '' };
}

function partitionsOf(list: readonly { payload: Buffer | null; context: { partition: number } }[]): Record<string, number> {
  return Object.fromEntries(list.map(({ payload, context }) => [String(payload), context.partition]));
}

/** Whether a name belongs to the first of two partitions. */
function isEven(name: string): boolean {
  return hash(name) % 2 === 0;
}

/** Java's hash of a text of a few letters, as a number from 0. */
function hash(name: string): number {
  let value = 0;
  for (let at = 0; at < name.length; at++) value = (31 * value + name.charCodeAt(at)) | 0;
  return Math.abs(value);
}
