import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as library from '@platformatic/kafka';
import type { Binder } from '@millrace/messaging/binder';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkaBinder } from '../../src/index.ts';
import type { KafkaBinderOptions, SaslOptions } from '../../src/index.ts';
import { canRunKafka, startKafka } from '../kafka-server.ts';
import type { KafkaServer } from '../kafka-server.ts';
import { Authority } from './certificates.ts';
import type { Certificate } from './certificates.ts';

const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';

async function roundTrip(binder: Binder, topic: string): Promise<string> {
  await binder.open();
  const producer = await binder.bindProducer(topic);
  await producer.send([{ payload: Buffer.from('secret'), headers: {} }]);
  const consumer = await binder.bindConsumer(topic, `${topic}-group`);
  const deliveries = await consumer.receive(1);
  const produced = [{ destination: `${topic}-out`, messages: [{ payload: Buffer.from('copy'), headers: {} }] }];
  await binder.transactions!.commit({ consumed: [{ binding: consumer, deliveries }], produced });
  return Buffer.from(deliveries[0]!.payload!).toString();
}

const refusalOf = async (binder: Binder): Promise<{ readonly code: string; readonly text: string }> => {
  const error = await binder.open().then(
    () => new Error('it opened'),
    (reason: unknown) => reason,
  );
  return { code: binder.errorCode(error), text: `${String(error)} ${JSON.stringify(error)}` };
};

describe.skipIf(!canRunKafka())('a secured broker', { timeout: 60_000 }, () => {
  let folder: string;
  let server: KafkaServer;
  let ca: string;
  let client: Certificate;
  let stranger: string;
  let [saslPort, tlsPort, tokenPort] = [0, 0, 0];
  const open: Binder[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-tls-'));
    const authority = await Authority.create(folder);
    const broker = await authority.sign('broker');
    client = await authority.sign('client');
    ca = await authority.certificate();
    const other = await mkdtemp(join(folder, 'other-'));
    stranger = await (await Authority.create(other)).certificate();
    const settings = (ports: readonly number[]): Record<string, string> => {
      const [port, controllerPort, ...rest] = ports;
      [saslPort, tlsPort, tokenPort] = rest as [number, number, number];
      return {
        listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort},SASL_SSL://127.0.0.1:${saslPort},SSL://127.0.0.1:${tlsPort},TOKEN://127.0.0.1:${tokenPort}`,
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${saslPort},SSL://127.0.0.1:${tlsPort},TOKEN://127.0.0.1:${tokenPort}`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,TOKEN:SASL_PLAINTEXT',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': broker.store,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': authority.file,
        'listener.name.ssl.ssl.client.auth': 'required',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.token.sasl.enabled.mechanisms': 'OAUTHBEARER',
        'listener.name.token.oauthbearer.sasl.jaas.config':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
        'listener.name.sasl_ssl.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-pw" user_bob="bob-pw";',
        'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': scram,
        'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': scram,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS;User:CN=client;User:service',
      };
    };
    const users = ['256', '512'].flatMap((bits) => ['--add-scram', `SCRAM-SHA-${bits}=[name=alice,password=alice-pw]`]);
    server = await startKafka(settings, users);
    await allow('alice');
  }, 120_000);
  afterEach(async () => void (await Promise.all(open.splice(0).map((binder) => binder.close()))));
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Rights to use topics, groups and transactions that begin with the user's name: what an application gets. */
  async function allow(user: string): Promise<void> {
    const connection = new library.Connection('test');
    const [host, port] = server.brokers.split(':') as [string, string];
    await connection.connect(host, Number(port));
    const { TOPIC, GROUP, TRANSACTIONAL_ID } = library.ResourceTypes;
    const entries = [TOPIC, GROUP, TRANSACTIONAL_ID].map((resourceType) => ({
      resourceType,
      resourceName: user,
      resourcePatternType: library.ResourcePatternTypes.PREFIXED,
      principal: `User:${user}`,
      host: '*',
      operation: library.AclOperations.ALL,
      permissionType: library.AclPermissionTypes.ALLOW,
    }));
    await library.createAclsV3.api.async(connection, entries);
    await connection.close();
  }

  function binderAt(port: number, options: KafkaBinderOptions): Binder {
    const binder = kafkaBinder({ brokers: `127.0.0.1:${port}`, heartbeatMs: 100, transactionIdPrefix: 'alice-tx-', ...options });
    open.push(binder);
    return binder;
  }

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    'is used over TLS with %s, transactions under an authorizer included',
    async (mechanism) => {
      const binder = binderAt(saslPort, { tls: { ca }, sasl: { mechanism, username: 'alice', password: () => 'alice-pw' } });
      expect(await roundTrip(binder, `alice-${mechanism}`)).toBe('secret');
    },
  );

  it('is used by mutual TLS', async () => {
    const { key, cert } = client;
    expect(await roundTrip(binderAt(tlsPort, { tls: { ca, key, cert } }), 'mutual')).toBe('secret');
  });

  it('is used by properties of Spring', async () => {
    const properties = {
      'spring.cloud.stream.kafka.binder.brokers': '127.0.0.1',
      'spring.cloud.stream.kafka.binder.defaultBrokerPort': String(tlsPort),
      'spring.kafka.security.protocol': 'SSL',
      'spring.kafka.ssl.trust-store-certificates': ca,
      'spring.kafka.ssl.key-store-location': `file:${client.store}`,
      'spring.kafka.ssl.key-store-type': 'PEM',
    };
    const binder = kafkaBinder({ properties, heartbeatMs: 100 });
    open.push(binder);
    expect(await roundTrip(binder, 'by-properties')).toBe('secret');
  });

  it('is used with tokens', async () => {
    const properties = {
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.jaas.config': 'OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="service";',
    };
    expect(await roundTrip(binderAt(tokenPort, { properties }), 'by-token')).toBe('secret');
  });

  const alice: SaslOptions = { mechanism: 'PLAIN', username: 'alice', password: 'wrong-pw' };
  it.each([
    ['a wrong password', (): KafkaBinderOptions => ({ tls: { ca }, sasl: alice }), 'UNAUTHENTICATED'],
    [
      'a wrong password with SCRAM',
      (): KafkaBinderOptions => ({ tls: { ca }, sasl: { ...alice, mechanism: 'SCRAM-SHA-512' } }),
      'UNAUTHENTICATED',
    ],
    [
      'a mechanism that is off',
      (): KafkaBinderOptions => ({ tls: { ca }, sasl: { mechanism: 'OAUTHBEARER', token: 'x' } }),
      'UNAUTHENTICATED',
    ],
    ['an authority that it does not trust', (): KafkaBinderOptions => ({ tls: { ca: stranger }, sasl: alice }), 'UNAUTHENTICATED'],
    ['no TLS', (): KafkaBinderOptions => ({ sasl: alice, connectTimeoutMs: 2000 }), 'UNAVAILABLE'],
  ])('refuses %s at once, without repeating the secret', async (_, options, code) => {
    const refusal = await refusalOf(binderAt(saslPort, options()));
    expect(refusal.code).toBe(code);
    expect(refusal.text).toContain(`127.0.0.1:${saslPort}`);
    expect(refusal.text).not.toContain('wrong-pw');
  });

  it('refuses TLS on a plain port with a hint', async () => {
    const port = Number(server.brokers.split(':')[1]);
    const refusal = await refusalOf(binderAt(port, { tls: { ca }, connectTimeoutMs: 2000 }));
    expect(['FAILED_PRECONDITION', 'UNAVAILABLE']).toContain(refusal.code);
    expect(refusal.text).toContain(`127.0.0.1:${port}`);
  });

  it('says what right is missing', async () => {
    const binder = binderAt(saslPort, { tls: { ca }, sasl: { mechanism: 'PLAIN', username: 'bob', password: 'bob-pw' } });
    await binder.open();
    const error = await binder.bindProducer('alice-PLAIN').catch((reason: unknown) => reason);
    expect(binder.errorCode(error)).toBe('PERMISSION_DENIED');
    expect(String(error)).toContain('alice-PLAIN');
  });
});
