import * as library from '@platformatic/kafka';
import type { Binder, Delivery, OutboundMessage } from '@millrace/messaging/binder';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkaBinder } from '../../src/index.ts';
import type { KafkaBinderOptions } from '../../src/index.ts';

const missing = await sandbox.missing('kafka');

// One test per known defect of the client library above its protocol layer, on a real broker: none may reach users of the binder.

const text = (payload: string, more: Partial<OutboundMessage> = {}): OutboundMessage => ({
  payload: Buffer.from(payload),
  headers: {},
  ...more,
});
const texts = (messages: readonly { readonly payload: Uint8Array | null }[]): string[] =>
  messages.map(({ payload }) => Buffer.from(payload ?? []).toString());

async function receive(binder: Binder, topic: string, count: number, group = 'g'): Promise<readonly Delivery[]> {
  const consumer = await binder.bindConsumer(topic, group);
  const got: Delivery[] = [];
  while (got.length < count) got.push(...(await consumer.receive(1000)));
  expect(await consumer.receive(10, 800)).toEqual([]);
  await consumer.close();
  return got;
}

describe.skipIf(missing !== undefined)('on a real broker', { timeout: 60_000 }, () => {
  let server: RunningServer;
  let names = 0;
  const open: Binder[] = [];

  beforeAll(async () => {
    server = await sandbox.start('kafka', { config: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '300' } });
  }, 120_000);
  afterEach(async () => void (await Promise.all(open.splice(0).map((binder) => binder.close()))));
  afterAll(() => server?.stop());

  const name = (): string => `traps-${names++}`;
  async function connect(options: KafkaBinderOptions = {}): Promise<Binder> {
    const binder = kafkaBinder({ brokers: server.settings.addresses, heartbeatMs: 100, sessionTimeoutMs: 6000, ...options });
    open.push(binder);
    await binder.open();
    return binder;
  }
  /** Writes with the library's own producer, as any other program would. */
  async function transactional<T>(work: (producer: library.Producer) => Promise<T>): Promise<T> {
    const producer = new library.Producer({
      clientId: 'peer',
      bootstrapBrokers: [...server.settings.addresses],
      transactionalId: `peer-${names++}`,
      idempotent: true,
      producerId: -1n,
      producerEpoch: -1,
      retryDelay: 5,
      retries: 100,
      acks: library.ProduceAcks.ALL,
    });
    try {
      return await work(producer);
    } finally {
      await producer.close(true);
    }
  }
  async function written(topic: string, values: readonly string[], isCommitted: boolean): Promise<void> {
    await transactional(async (producer) => {
      const transaction = await producer.beginTransaction();
      for (const value of values) await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }] });
      await (isCommitted ? transaction.commit() : transaction.abort());
    });
  }

  it('1: of several aborted transactions none is read, by consumers and as a log', async () => {
    const binder = await connect({ partitionFetchBytes: 2000 });
    const topic = name();
    await binder.provisioner.ensure(topic);
    await transactional(async (producer) => {
      // All by one producer id; the aborted ones are larger than one fetch, so that their marker comes in another one.
      for (const [value, isCommitted] of [
        ['a', false],
        ['kept', true],
        ['b', false],
        ['c', false],
      ] as const) {
        const transaction = await producer.beginTransaction();
        const load = isCommitted ? value : value.repeat(1500);
        for (let n = 0; n < (isCommitted ? 1 : 3); n++)
          await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from(load) }] });
        await (isCommitted ? transaction.commit() : transaction.abort());
      }
    });
    await (await binder.bindProducer(topic)).send([text('plain')]);
    expect(texts(await receive(binder, topic, 2))).toEqual(['kept', 'plain']);
    const read: string[] = [];
    for (let from = 0; ;) {
      const slice = await binder.log!.read(topic, 0, from, { maxBytes: 2000 });
      if (slice.messages.length === 0) break;
      read.push(...texts(slice.messages));
      from = slice.next;
    }
    expect(read).toEqual(['kept', 'plain']);
  });

  it('1: a reader of uncommitted messages sees them all', async () => {
    const binder = await connect({ readCommitted: false });
    const topic = name();
    await binder.provisioner.ensure(topic);
    await written(topic, ['aborted'], false);
    await written(topic, ['committed'], true);
    expect(texts(await receive(binder, topic, 2))).toEqual(['aborted', 'committed']);
  });

  it('2, 7: a transactional id that was used before works, and who used it last is shut out', async () => {
    const topic = name();
    const [first, second] = [await connect({ transactionIdPrefix: 'shared-' }), await connect({ transactionIdPrefix: 'shared-' })];
    const commit = (binder: Binder, payload: string) =>
      binder.transactions!.commit({ consumed: [], produced: [{ destination: topic, messages: [text(payload)] }] });
    await commit(first, 'first');
    await commit(second, 'second');
    const zombie = await commit(first, 'zombie').catch((error: unknown) => error);
    expect(zombie).toMatchObject({ code: 'UNAVAILABLE', reason: 'TRANSACTION_ENDED', retryable: true });
    expect(texts(await receive(second, topic, 2))).toEqual(['first', 'second']);
  });

  it('4: positions of several groups and partitions in one transaction are all committed', async () => {
    const binder = await connect();
    const inputs = [name(), name()];
    const bindings = [];
    for (const input of inputs) {
      const producer = await binder.bindProducer(input, { partitions: 3 });
      await producer.send([0, 1, 2].map((partition) => text('x', { partition })));
      bindings.push(await binder.bindConsumer(input, `${input}-group`));
    }
    const consumed = await Promise.all(
      bindings.map(async (binding) => {
        const deliveries: Delivery[] = [];
        while (deliveries.length < 3) deliveries.push(...(await binding.receive(10)));
        return { binding, deliveries };
      }),
    );
    await binder.transactions!.commit({ consumed, produced: [] });
    for (const input of inputs)
      expect(await binder.log!.committed(input, `${input}-group`)).toEqual(
        new Map([
          [0, 1],
          [1, 1],
          [2, 1],
        ]),
      );
  });

  it('4: transactions at the same time neither fail nor lose anything', async () => {
    const binder = await connect();
    const topic = name();
    const payloads = Array.from({ length: 30 }, (_, index) => `m${index}`);
    await Promise.all(
      payloads.map((payload) =>
        binder.transactions!.commit({ consumed: [], produced: [{ destination: topic, messages: [text(payload)] }] }),
      ),
    );
    expect(texts(await receive(binder, topic, 30)).toSorted()).toEqual(payloads.toSorted());
  });

  it('5: the transaction after one that failed while sending commits', async () => {
    const binder = await connect({ topicConfig: { 'max.message.bytes': '1000' } });
    const topic = name();
    const commit = (size: number) =>
      binder.transactions!.commit({ consumed: [], produced: [{ destination: topic, messages: [text('m'.repeat(size))] }] });
    for (let round = 0; round < 3; round++) {
      await expect(commit(5000)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await commit(10);
    }
    expect(texts(await receive(binder, topic, 3))).toEqual(Array.from({ length: 3 }, () => 'm'.repeat(10)));
  });

  it('6: a transaction that its process left open holds readers up no longer than its timeout', async () => {
    const binder = await connect({ transactionTimeoutMs: 1500, transactionIdPrefix: 'timeout-' });
    const topic = name();
    await binder.transactions!.commit({ consumed: [], produced: [{ destination: topic, messages: [text('x')] }] });
    const connection = new library.Connection('test');
    const [host, port] = server.settings.addresses[0]!.split(':') as [string, string];
    await connection.connect(host, Number(port));
    const { transactionStates } = await library.describeTransactionsV0.api.async(connection, ['timeout-0']);
    await connection.close();
    expect(transactionStates[0]).toMatchObject({ transactionTimeoutMs: 1500 });
  });

  it('8: groups use the classic protocol with the strategy of Java consumers', async () => {
    const binder = await connect();
    const topic = name();
    await binder.bindConsumer(topic, `${topic}-group`);
    const connection = new library.Connection('test');
    const [host, port] = server.settings.addresses[0]!.split(':') as [string, string];
    await connection.connect(host, Number(port));
    const { groups } = await library.describeGroupsV5.api.async(connection, [`${topic}-group`], false);
    await connection.close();
    expect(groups[0]).toMatchObject({ groupState: 'Stable', protocolType: 'consumer', protocolData: 'cooperative-sticky' });
  });

  it('12: a send to a topic that was deleted settles', async () => {
    const binder = await connect({ deliveryTimeoutMs: 1500 });
    const topic = name();
    const producer = await binder.bindProducer(topic);
    await binder.provisioner.delete(topic);
    const [outcome] = await producer.send([text('x')]);
    expect(binder.errorCode(outcome!.error)).toBe('NOT_FOUND');
  });

  it('13: what fails in one partition neither repeats nor fails the others', async () => {
    const binder = await connect({ topicConfig: { 'max.message.bytes': '2000' } });
    const topic = name();
    const producer = await binder.bindProducer(topic, { partitions: 3 });
    const large = 'x'.repeat(5000);
    const sent = [
      text('a', { partition: 0 }),
      text(large, { partition: 1 }),
      text('b', { partition: 1 }),
      text('c', { partition: 2 }),
    ];
    const outcomes = await producer.send(sent);
    expect(outcomes.map(({ error }) => error?.code)).toEqual([undefined, 'INVALID_ARGUMENT', undefined, undefined]);
    expect(texts(await receive(binder, topic, 3)).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('13: a batch that is too large for the topic is sent in pieces, in order', async () => {
    const binder = await connect({ topicConfig: { 'max.message.bytes': '3000' } });
    const topic = name();
    const producer = await binder.bindProducer(topic);
    const payloads = Array.from({ length: 40 }, (_, index) => `${index}-${'x'.repeat(400)}`);
    const outcomes = await producer.send(payloads.map((payload) => text(payload)));
    expect(outcomes.every(({ error }) => error === undefined)).toBe(true);
    expect(texts(await receive(binder, topic, 40))).toEqual(payloads);
  });

  it('14: nothing is committed that was not acknowledged', async () => {
    const binder = await connect();
    const topic = name();
    await (await binder.bindProducer(topic)).send([text('a'), text('b'), text('c')]);
    const consumer = await binder.bindConsumer(topic, 'g');
    const got = await consumer.receive(3);
    expect(await binder.log!.committed(topic, 'g')).toEqual(new Map());
    await consumer.ack(got.slice(0, 1));
    expect(await binder.log!.committed(topic, 'g')).toEqual(new Map([[0, 1]]));
    await consumer.close();
    expect(await binder.log!.committed(topic, 'g')).toEqual(new Map([[0, 1]]));
  });

  it('a partition that does not exist is refused, not wrapped', async () => {
    const binder = await connect();
    const producer = await binder.bindProducer(name(), { partitions: 3 });
    const [outcome] = await producer.send([text('x', { partition: 7 })]);
    expect(outcome!.error).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'PARTITION_UNKNOWN' });
  });

  it('keyless messages are spread, those of a key lie where Java puts them', async () => {
    const binder = await connect();
    const producer = await binder.bindProducer(name(), { partitions: 12 });
    const keyed = await producer.send(['foobar', 'abc', '100:48069', 'customer-42', 'order:é'].map((key) => text('x', { key })));
    expect(keyed.map((outcome) => (outcome.error === undefined ? outcome.partition : -1))).toEqual([6, 3, 9, 9, 11]);
    const partitions = new Set<number | undefined>();
    for (let n = 0; n < 24; n++) {
      const [outcome] = await producer.send([text('x')]);
      partitions.add(outcome!.error === undefined ? outcome!.partition : -1);
    }
    expect(partitions.size).toBe(12);
  });
});
