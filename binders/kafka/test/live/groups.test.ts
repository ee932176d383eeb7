import type { Binder, ConsumerBinding, Delivery, OutboundMessage } from '@millrace/messaging/binder';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkaBinder } from '../../src/index.ts';
import type { KafkaBinderOptions } from '../../src/index.ts';

const missing = await sandbox.missing('kafka');

const text = (payload: string, more: Partial<OutboundMessage> = {}): OutboundMessage => ({
  payload: Buffer.from(payload),
  headers: {},
  ...more,
});
const texts = (messages: readonly Delivery[]): string[] => messages.map(({ payload }) => Buffer.from(payload!).toString());

async function send(binder: Binder, topic: string, messages: readonly OutboundMessage[]): Promise<void> {
  const producer = await binder.bindProducer(topic);
  for (const { error } of await producer.send(messages)) if (error !== undefined) throw error;
}

async function receive(consumer: ConsumerBinding, count: number): Promise<readonly Delivery[]> {
  const got: Delivery[] = [];
  while (got.length < count) got.push(...(await consumer.receive(count - got.length)));
  return got;
}

/** Takes and acknowledges all that comes until the consumer is closed. */
function collectAll(consumer: ConsumerBinding): { readonly got: string[]; readonly done: Promise<void> } {
  const got: string[] = [];
  const work = async (): Promise<void> => {
    for (let deliveries; (deliveries = await consumer.receive(100)).length > 0; await consumer.ack(deliveries))
      got.push(...texts(deliveries));
  };
  return { got, done: work() };
}

describe.skipIf(missing !== undefined)('groups on a real broker', { timeout: 60_000 }, () => {
  let server: RunningServer;
  let names = 0;
  const open: Binder[] = [];

  beforeAll(async () => {
    server = await sandbox.start('kafka', { config: { 'group.min.session.timeout.ms': '500' } });
  }, 120_000);
  afterEach(async () => void (await Promise.all(open.splice(0).map((binder) => binder.close()))));
  afterAll(() => server?.stop());

  const name = (): string => `groups-${names++}`;
  async function connect(options: KafkaBinderOptions = {}): Promise<Binder> {
    const binder = kafkaBinder({ brokers: server.settings.addresses, heartbeatMs: 100, sessionTimeoutMs: 6000, ...options });
    open.push(binder);
    await binder.open();
    return binder;
  }

  it('one group reads several topics, each member those of its own', async () => {
    const [first, second] = [await connect(), await connect()];
    const [a, b] = [name(), name()];
    const group = name();
    await first.provisioner.ensure(a, { partitions: 2 });
    await first.provisioner.ensure(b, { partitions: 3 });
    const readers = [await first.bindConsumer(a, group), await second.bindConsumer(b, group)];
    await send(
      first,
      a,
      [0, 1].map((partition) => text('a', { partition })),
    );
    await send(
      first,
      b,
      [0, 1, 2].map((partition) => text('b', { partition })),
    );
    expect(texts(await receive(readers[0]!, 2))).toEqual(['a', 'a']);
    expect(texts(await receive(readers[1]!, 3))).toEqual(['b', 'b', 'b']);
  });

  it('partitions that are added are taken up, from their beginning', async () => {
    const topic = name();
    const binder = await connect({ metadataMaxAgeMs: 200 });
    const consumers = [await binder.bindConsumer(topic, name()), await binder.bindConsumer(topic, undefined)];
    const grower = await connect({ autoAddPartitions: true });
    const producer = await grower.bindProducer(topic, { partitions: 3 });
    expect(producer.partitions).toBe(3);
    await producer.send([text('new', { partition: 2 })]);
    for (const consumer of consumers) expect(texts(await receive(consumer, 1))).toEqual(['new']);
  });

  it('a group that began at the latest misses nothing, though it crashed before its first acknowledgement', async () => {
    const topic = name();
    const binder = await connect();
    await send(binder, topic, [text('before')]);
    const first = await binder.bindConsumer(topic, 'g', { start: 'latest' });
    await first.close();
    await send(binder, topic, [text('between')]);
    const second = await binder.bindConsumer(topic, 'g', { start: 'latest' });
    expect(texts(await receive(second, 1))).toEqual(['between']);
  });

  it('a broker that was away for longer than the session finds its members back at work', async () => {
    const topic = name();
    const binder = await connect({ sessionTimeoutMs: 800 });
    const [lost, assigned]: [number[], number[]] = [[], []];
    const listener = {
      assigned: (partitions: readonly number[]) => void assigned.push(...partitions),
      lost: (partitions: readonly number[]) => void lost.push(...partitions),
    };
    const consumer = await binder.bindConsumer(topic, 'g', { listener });
    await server.nodes[0]!.kill();
    await server.nodes[0]!.start();
    await send(binder, topic, [text('after')]);
    expect(texts(await receive(consumer, 1))).toEqual(['after']);
    expect(assigned.length).toBe(lost.length + 1);
  });

  it('a static member that comes back within its session gets its partitions without a rebalance', async () => {
    const [topic, group] = [name(), name()];
    const other = await connect({ groupInstanceId: 'other', sessionTimeoutMs: 20_000 });
    await other.provisioner.ensure(topic, { partitions: 4 });
    const changes: string[] = [];
    const listener = {
      assigned: (partitions: readonly number[]) => void changes.push(`+${partitions.length}`),
      revoked: async (partitions: readonly number[]) => void changes.push(`-${partitions.length}`),
    };
    const stays = await other.bindConsumer(topic, group, { listener });
    const leaver = await connect({ groupInstanceId: 'leaver', sessionTimeoutMs: 20_000 });
    await leaver.bindConsumer(topic, group);
    await expect.poll(() => changes, { timeout: 20_000 }).toEqual(['+4', '-2']);
    await leaver.close();
    const back = await connect({ groupInstanceId: 'leaver', sessionTimeoutMs: 20_000 });
    const again = await back.bindConsumer(topic, group);
    await send(
      back,
      topic,
      [0, 1, 2, 3].map((partition) => text(`${partition}`, { partition })),
    );
    const [mine, theirs] = [await receive(again, 2), await receive(stays, 2)];
    expect(new Set([...texts(mine), ...texts(theirs)])).toEqual(new Set(['0', '1', '2', '3']));
    expect(changes).toEqual(['+4', '-2']);
  });

  it('a group is moved wherever its members are, and what they had before counts no more', async () => {
    const topic = name();
    const [here, there] = [await connect(), await connect()];
    const sent = [0, 1, 2, 3].flatMap((partition) => [0, 1, 2].map((n) => text(`${partition}-${n}`, { partition })));
    await here.provisioner.ensure(topic, { partitions: 4 });
    await send(here, topic, sent);
    const revoked: number[] = [];
    const listener = {
      revoked: async (partitions: readonly number[]) => void revoked.push(...partitions),
      lost: (partitions: readonly number[]) => void revoked.push(...partitions),
    };
    const [mine, theirs] = [await here.bindConsumer(topic, 'g'), await there.bindConsumer(topic, 'g', { listener })];
    const working = [mine, theirs].map((consumer) => collectAll(consumer));
    await expect.poll(() => working.flatMap(({ got }) => got).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(12);
    await here.log!.seek(topic, 'g', new Map([0, 1, 2, 3].map((partition) => [partition, 2])));
    for (const { got } of working) got.length = 0;
    const again = (): readonly string[] => working.flatMap(({ got }) => got);
    await expect.poll(() => new Set(again()), { timeout: 20_000 }).toEqual(new Set(['0-2', '1-2', '2-2', '3-2']));
    expect(revoked.length).toBeGreaterThan(0);
    await expect
      .poll(async () => here.log!.committed(topic, 'g'))
      .toEqual(new Map([0, 1, 2, 3].map((partition) => [partition, 3])));
    await Promise.all([mine.close(), theirs.close(), ...working.map(({ done }) => done)]);
  });

  it('topics are not made where that is switched off', async () => {
    const binder = await connect({ autoCreateTopics: false });
    const topic = name();
    await expect(binder.bindProducer(topic)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'DESTINATION_MISSING' });
    await binder.provisioner.ensure(topic);
    await send(binder, topic, [text('x')]);
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('messages compressed with %s arrive', async (compression) => {
    const topic = name();
    const binder = await connect({ compression });
    const payloads = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    await send(
      binder,
      topic,
      payloads.map((payload) => text(payload)),
    );
    expect(texts(await receive(await binder.bindConsumer(topic, 'g'), 100))).toEqual(payloads);
  });

  it('what the diagnosis of a lone broker finds', async () => {
    const binder = await connect();
    expect(binder.capabilities.durability).toBe('process-crash');
    const found = await binder.diagnose!();
    expect(found.find(({ check }) => check === 'replication of new topics')).toMatchObject({ status: 'warning' });
    expect(found.find(({ check }) => check === 'election of leaders')).toMatchObject({ status: 'ok' });
    expect(found.every(({ status }) => status !== 'failed')).toBe(true);
  });
});
