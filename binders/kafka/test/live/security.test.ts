import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as library from '@platformatic/kafka';
import type { Binder } from '@millrace/messaging/binder';
import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkaBinder } from '../../src/index.ts';
import type { KafkaBinderOptions, SaslOptions } from '../../src/index.ts';

const missing = await sandbox.missing('kafka');

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

const authorityOf = (secured: RunningServer): string => readFileSync(secured.settings.tls!.ca, 'utf8');

const refusalOf = async (binder: Binder): Promise<{ readonly code: string; readonly text: string }> => {
  const error = await binder.open().then(
    () => new Error('it opened'),
    (reason: unknown) => reason,
  );
  return { code: binder.errorCode(error), text: `${String(error)} ${JSON.stringify(error)}` };
};

describe.skipIf(missing !== undefined)('a secured broker', { timeout: 60_000 }, () => {
  let folder: string;
  let server: RunningServer;
  let tokens: RunningServer;
  let ca: string;
  const open: Binder[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-tls-'));
    server = await sandbox.start('kafka', {
      secure: true,
      config: {
        // With a password the user has only the rights that it is given below; with the certificate, all.
        'super.users': 'User:ANONYMOUS;User:CN=millrace',
        'listener.name.sasl_ssl.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_millrace="alice-pw" user_bob="bob-pw";',
      },
    });
    tokens = await sandbox.start('kafka', {
      secure: true,
      config: {
        'super.users': 'User:ANONYMOUS;User:service',
        'sasl.enabled.mechanisms': 'OAUTHBEARER',
        'listener.name.sasl_ssl.oauthbearer.sasl.jaas.config':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
      },
    });
    ca = authorityOf(server);
    await allow('millrace', 'alice');
  }, 120_000);
  afterEach(async () => void (await Promise.all(open.splice(0).map((binder) => binder.close()))));
  afterAll(async () => {
    await server?.stop();
    await tokens?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Rights to use topics, groups and transactions that begin with this: what an application gets. */
  async function allow(user: string, prefix: string): Promise<void> {
    const connection = new library.Connection('test');
    const [host, port] = server.settings.endpoints['admin node-1']!.split(':') as [string, string];
    await connection.connect(host, Number(port));
    const { TOPIC, GROUP, TRANSACTIONAL_ID } = library.ResourceTypes;
    const entries = [TOPIC, GROUP, TRANSACTIONAL_ID].map((resourceType) => ({
      resourceType,
      resourceName: prefix,
      resourcePatternType: library.ResourcePatternTypes.PREFIXED,
      principal: `User:${user}`,
      host: '*',
      operation: library.AclOperations.ALL,
      permissionType: library.AclPermissionTypes.ALLOW,
    }));
    await library.createAclsV3.api.async(connection, entries);
    await connection.close();
  }

  function binderAt(address: string, options: KafkaBinderOptions): Binder {
    const binder = kafkaBinder({ brokers: address, heartbeatMs: 100, transactionIdPrefix: 'alice-tx-', ...options });
    open.push(binder);
    return binder;
  }
  const passwordAddress = (): string => server.settings.addresses[0]!;
  const certificateAddress = (): string => server.settings.endpoints['mtls node-1']!;
  const clientKey = (): string => readFileSync(server.settings.tls!.key, 'utf8');
  const clientCertificate = (): string => readFileSync(server.settings.tls!.certificate, 'utf8');

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    'is used over TLS with %s, transactions under an authorizer included',
    async (mechanism) => {
      const password = mechanism === 'PLAIN' ? 'alice-pw' : server.settings.password!;
      const sasl: SaslOptions = { mechanism, username: 'millrace', password: () => password };
      const binder = binderAt(passwordAddress(), { tls: { ca }, sasl });
      expect(await roundTrip(binder, `alice-${mechanism}`)).toBe('secret');
    },
  );

  it('is used by mutual TLS', async () => {
    const binder = binderAt(certificateAddress(), { tls: { ca, key: clientKey(), cert: clientCertificate() } });
    expect(await roundTrip(binder, 'mutual')).toBe('secret');
  });

  it('is used by properties of Spring', async () => {
    const store = join(folder, 'client.pem');
    writeFileSync(store, clientKey() + clientCertificate());
    const [host, port] = certificateAddress().split(':') as [string, string];
    const properties = {
      'spring.cloud.stream.kafka.binder.brokers': host,
      'spring.cloud.stream.kafka.binder.defaultBrokerPort': port,
      'spring.kafka.security.protocol': 'SSL',
      'spring.kafka.ssl.trust-store-certificates': ca,
      'spring.kafka.ssl.key-store-location': `file:${store}`,
      'spring.kafka.ssl.key-store-type': 'PEM',
    };
    const binder = kafkaBinder({ properties, heartbeatMs: 100 });
    open.push(binder);
    expect(await roundTrip(binder, 'by-properties')).toBe('secret');
  });

  it('is used by the properties that the sandbox prints', async () => {
    const binder = kafkaBinder({ properties: server.settings.spring, heartbeatMs: 100, transactionIdPrefix: 'alice-tx-' });
    open.push(binder);
    expect(await roundTrip(binder, 'alice-sandbox')).toBe('secret');
  });

  it('is used with tokens', async () => {
    const properties = {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.jaas.config': 'OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="service";',
      'ssl.truststore.certificates': authorityOf(tokens),
    };
    expect(await roundTrip(binderAt(tokens.settings.addresses[0]!, { properties }), 'by-token')).toBe('secret');
  });

  const alice: SaslOptions = { mechanism: 'PLAIN', username: 'millrace', password: 'wrong-pw' };
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
    [
      'an authority that it does not trust',
      (): KafkaBinderOptions => ({ tls: { ca: authorityOf(tokens) }, sasl: alice }),
      'UNAUTHENTICATED',
    ],
    ['no TLS', (): KafkaBinderOptions => ({ sasl: alice, connectTimeoutMs: 2000 }), 'UNAVAILABLE'],
  ])('refuses %s at once, without repeating the secret', async (_, options, code) => {
    const refusal = await refusalOf(binderAt(passwordAddress(), options()));
    expect(refusal.code).toBe(code);
    expect(refusal.text).toContain(passwordAddress());
    expect(refusal.text).not.toContain('wrong-pw');
  });

  it('refuses TLS on a plain port with a hint', async () => {
    const address = server.settings.endpoints['admin node-1']!;
    const refusal = await refusalOf(binderAt(address, { tls: { ca }, connectTimeoutMs: 2000 }));
    expect(['FAILED_PRECONDITION', 'UNAVAILABLE']).toContain(refusal.code);
    expect(refusal.text).toContain(address);
  });

  it('says what right is missing', async () => {
    const binder = binderAt(passwordAddress(), { tls: { ca }, sasl: { mechanism: 'PLAIN', username: 'bob', password: 'bob-pw' } });
    await binder.open();
    const error = await binder.bindProducer('alice-PLAIN').catch((reason: unknown) => reason);
    expect(binder.errorCode(error)).toBe('PERMISSION_DENIED');
    expect(String(error)).toContain('alice-PLAIN');
  });
});
