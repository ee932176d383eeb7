import * as library from '@platformatic/kafka';
import type { MillraceError } from '@millrace/core';
import type { Binder, OutboundMessage } from '@millrace/messaging/binder';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkaBinder } from '../../src/index.ts';
import type { KafkaBinderOptions } from '../../src/index.ts';

// What users get wrong, and what a broker does not allow: each error names what it is about and the next step, and no password.

const missing = await sandbox.missing('kafka');
const password = 'bob-pw';
const text = (payload: string, more: Partial<OutboundMessage> = {}): OutboundMessage => ({
  payload: Buffer.from(payload),
  headers: {},
  ...more,
});

/** One header of a record, its value in Latin-1. */
const header = (name: string, value: string): Map<Buffer, Buffer> => new Map([[Buffer.from(name), Buffer.from(value, 'latin1')]]);

async function errorOf(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  const all = `${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`;
  expect(all).not.toContain(password);
  return error as MillraceError;
}

describe.skipIf(missing !== undefined)('a broker that does not allow it', { timeout: 60_000 }, () => {
  let server: RunningServer;
  const open: Binder[] = [];

  beforeAll(async () => {
    server = await sandbox.start('kafka', {
      secure: true,
      config: {
        'super.users': 'User:ANONYMOUS',
        'listener.name.sasl_ssl.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="${password}";`,
      },
    });
    const admin = await connect({
      brokers: server.settings.endpoints['admin node-1']!,
      topicConfig: { 'max.message.bytes': '2000' },
    });
    await admin.provisioner.ensure('readable', { partitions: 2 });
    await admin.provisioner.ensure('secret');
    await allow('readable', ['DESCRIBE', 'READ', 'WRITE', 'CREATE']);
  }, 120_000);
  afterEach(async () => void (await Promise.all(open.splice(0).map((binder) => binder.close()))));
  afterAll(async () => server?.stop());

  async function connect(options: KafkaBinderOptions): Promise<Binder> {
    const binder = kafkaBinder({ heartbeatMs: 100, patienceMs: 2000, deliveryTimeoutMs: 2000, ...options });
    open.push(binder);
    await binder.open();
    return binder;
  }
  const asBob = (options: KafkaBinderOptions = {}): Promise<Binder> =>
    connect({
      brokers: server.settings.addresses,
      tls: { ca: readFileSync(server.settings.tls!.ca, 'utf8') },
      sasl: { mechanism: 'PLAIN', username: 'bob', password },
      ...options,
    });

  async function allow(topic: string, operations: readonly (keyof typeof library.AclOperations)[]): Promise<void> {
    const connection = new library.Connection('test');
    const [host, port] = server.settings.endpoints['admin node-1']!.split(':') as [string, string];
    await connection.connect(host, Number(port));
    const entries = operations.map((operation) => ({
      resourceType: library.ResourceTypes.TOPIC,
      resourceName: topic,
      resourcePatternType: library.ResourcePatternTypes.LITERAL,
      principal: 'User:bob',
      host: '*',
      operation: library.AclOperations[operation],
      permissionType: library.AclPermissionTypes.ALLOW,
    }));
    await library.createAclsV3.api.async(connection, entries);
    await connection.close();
  }

  it.each<[string, (binder: Binder) => Promise<unknown>, RegExp]>([
    ['to make a topic', (binder) => binder.bindProducer('made-up'), /made-up/],
    ['to see a topic', (binder) => binder.bindProducer('secret'), /secret/],
    ['to join a group', (binder) => binder.bindConsumer('readable', 'theirs'), /theirs/],
    ['to see where a group stands', (binder) => binder.log!.committed('readable', 'theirs'), /theirs/],
    ['to read a topic', (binder) => binder.log!.read('secret', 0, 0), /secret/],
    ['to delete a topic', (binder) => binder.provisioner.delete('readable'), /readable/],
    [
      'to use a transactional id',
      (binder) => binder.transactions!.commit({ consumed: [], produced: [{ destination: 'readable', messages: [text('x')] }] }),
      /transaction/,
    ],
  ])('misses the right %s', async (_, work, named) => {
    const error = await errorOf(work(await asBob()));
    expect([error.code, error.retryable]).toEqual(['PERMISSION_DENIED', false]);
    expect(error.message).toMatch(named);
    expect(error.message).toContain('ACL');
  });

  it('a message that is larger than the topic takes names the topic and both limits', async () => {
    const producer = await (await asBob()).bindProducer('readable');
    const [outcome] = await producer.send([text('x'.repeat(5000))]);
    expect(outcome!.error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(outcome!.error!.message).toMatch(/readable.*max\.message\.bytes/);
  });

  it('a message that is larger than this binder takes names the topic and the limit', async () => {
    const producer = await (await asBob({ maxMessageBytes: 1000 })).bindProducer('readable');
    const [outcome, other] = await producer.send([text('x'.repeat(1500)), text('small')]);
    expect(outcome!.error!.message).toMatch(/1500.*'readable'.*1000.*maxMessageBytes/);
    expect(other!.error).toBeUndefined();
  });

  it('a topic that is missing while none are made names the topic and the switch', async () => {
    const binder = await connect({ brokers: server.settings.endpoints['admin node-1']!, autoCreateTopics: false });
    for (const work of [binder.bindProducer('absent'), binder.bindConsumer('absent', 'g')]) {
      const error = await errorOf(work);
      expect([error.code, error.reason]).toEqual(['FAILED_PRECONDITION', 'DESTINATION_MISSING']);
      expect(error.message).toMatch(/'absent'.*autoCreateTopics/);
    }
  });

  it('a settings mistake of a topic is told with the topic', async () => {
    const binder = await connect({ brokers: server.settings.endpoints['admin node-1']!, replicationFactor: 5 });
    const error = await errorOf(binder.bindProducer('replicated'));
    expect([error.code, error.message]).toEqual(['INVALID_ARGUMENT', expect.stringMatching(/replicated.*replication/i)]);
  });

  it('records of other programs with nonsense for headers are read all the same', async () => {
    const binder = await connect({ brokers: server.settings.endpoints['admin node-1']! });
    await binder.provisioner.ensure('poisoned');
    const peer = new library.Producer({
      clientId: 'peer',
      bootstrapBrokers: [server.settings.endpoints['admin node-1']!],
      acks: -1,
    });
    const nonsense = [
      header('spring_json_header_types', '{not json'),
      header('spring_json_header_types', '["a"]'),
      header('spring_json_header_types', 'null'),
      header('mr_exact_headers', '[[1,2],["a"],"x"]'),
      header('__proto__', '{"polluted":true}'),
      header('', ''),
      header('contentType', '"unclosed'),
      header('traceparent', '\u0000\u00ff'),
      header('scst_partition', 'many'),
      header('x-original-offset', 'short'),
      new Map([
        ...header('spring_json_header_types', '{"a":"java.lang.Runtime","b":"java.lang.Integer"}'),
        ...header('a', 'x'),
        ...header('b', 'NaN'),
      ]),
    ];
    const messages = nonsense.map((headers, index) => ({
      topic: 'poisoned',
      value: Buffer.from(String(index)),
      headers,
      partition: 0,
    }));
    await peer.send({ messages });
    await peer.close();
    const consumer = await binder.bindConsumer('poisoned', 'g');
    const got: string[] = [];
    while (got.length < nonsense.length)
      for (const { payload, headers } of await consumer.receive(100)) {
        expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
        got.push(Buffer.from(payload!).toString());
      }
    expect(got).toEqual(nonsense.map((_, index) => String(index)));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
