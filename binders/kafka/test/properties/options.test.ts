import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { optionsFromProperties } from '../../src/index.ts';
import { settingsOf } from '../../src/settings.ts';

const binder = 'spring.cloud.stream.kafka.binder';
const refusal = (properties: Record<string, unknown>): unknown => {
  try {
    return optionsFromProperties(properties);
  } catch (error) {
    return error;
  }
};

describe('properties', () => {
  it('are known by what is left of their names in environment variables', () => {
    const properties = {
      'spring.kafka.bootstrap.servers': 'a:9092',
      'spring.kafka.clientid': 'me',
      'spring.cloud.stream.kafka.binder.replication.factor': '2',
      'spring.kafka.properties.session.timeout.ms': '20000',
    };
    expect(optionsFromProperties(properties)).toEqual({
      brokers: 'a:9092',
      clientId: 'me',
      replicationFactor: 2,
      sessionTimeoutMs: 20_000,
    });
  });

  it.each([
    ['org.apache.kafka.clients.consumer.RangeAssignor', 'range'],
    [
      'org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
      'cooperative-sticky',
    ],
    ['range,roundrobin', 'range'],
    ['cooperative-sticky', 'cooperative-sticky'],
  ])('of the assignors %s the best that there is here is taken', (value, assignmentStrategy) => {
    expect(optionsFromProperties({ 'spring.kafka.consumer.properties.partition.assignment.strategy': value })).toEqual({
      assignmentStrategy,
    });
  });

  it('of the Spring binder have the meaning they have there', () => {
    expect(
      optionsFromProperties({
        [`${binder}.brokers`]: 'a,b:9093',
        [`${binder}.defaultBrokerPort`]: 9095,
        [`${binder}.required-acks`]: 'all',
        [`${binder}.autoCreateTopics`]: 'false',
        [`${binder}.auto-add-partitions`]: true,
        [`${binder}.minPartitionCount`]: '3',
        [`${binder}.replication-factor`]: 2,
        [`${binder}.transaction.transaction-id-prefix`]: 'tx-0-',
        [`${binder}.configuration.session.timeout.ms`]: '20000',
        [`${binder}.consumer-properties[isolation.level]`]: 'read_uncommitted',
        [`${binder}.producerProperties.compression.type`]: 'zstd',
      }),
    ).toEqual({
      brokers: 'a:9095,b:9093',
      acks: 'all',
      autoCreateTopics: false,
      autoAddPartitions: true,
      minPartitions: 3,
      replicationFactor: 2,
      transactionIdPrefix: 'tx-0-',
      sessionTimeoutMs: 20_000,
      readCommitted: false,
      compression: 'zstd',
    });
  });

  it('of Spring Boot, too', () => {
    expect(
      optionsFromProperties({
        'spring.kafka.bootstrap-servers': 'k:9092',
        'spring.kafka.clientId': 'app',
        'spring.kafka.consumer.heartbeat-interval': '2s',
        'spring.kafka.consumer.isolation-level': 'READ_COMMITTED',
        'spring.kafka.producer.acks': '1',
        'spring.kafka.producer.compression-type': 'gzip',
        'spring.kafka.properties[delivery.timeout.ms]': '60000',
        'spring.kafka.listener.concurrency': 3,
      }),
    ).toEqual({
      brokers: 'k:9092',
      clientId: 'app',
      heartbeatMs: 2000,
      readCommitted: true,
      acks: 'leader',
      compression: 'gzip',
      deliveryTimeoutMs: 60_000,
    });
  });

  it('of the binder win over those of Boot, these over bare ones, and options over all', () => {
    const properties = {
      [`${binder}.brokers`]: 'binder:1',
      'spring.kafka.bootstrap-servers': 'boot:1',
      'bootstrap.servers': 'bare:1',
      'client.id': 'bare',
      'spring.kafka.client-id': 'boot',
    };
    expect(optionsFromProperties(properties)).toEqual({ brokers: 'binder:1', clientId: 'boot' });
    expect(settingsOf({ properties, brokers: 'option:7' }).cluster).toMatchObject({
      brokers: [{ host: 'option', port: 7 }],
      clientId: 'boot',
    });
  });

  it.each([
    [{ acks: '0' }, 'UNSUPPORTED', 'acks'],
    [{ acks: 'some' }, 'INVALID_ARGUMENT', 'acks'],
    [{ 'session.timeout.ms': 'soon' }, 'INVALID_ARGUMENT', 'session.timeout.ms'],
    [{ 'compression.type': 'rar' }, 'INVALID_ARGUMENT', 'compression.type'],
    [{ 'security.protocol': 'SSH' }, 'INVALID_ARGUMENT', 'security.protocol'],
    [
      { 'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.RoundRobinAssignor' },
      'UNSUPPORTED',
      'partition.assignment.strategy',
    ],
    [
      { 'security.protocol': 'SASL_SSL', 'sasl.jaas.config': 'X required;', 'sasl.mechanism': 'GSSAPI' },
      'UNSUPPORTED',
      'sasl.mechanism',
    ],
    [{ 'security.protocol': 'SSL', 'ssl.truststore.location': '/x.jks' }, 'UNSUPPORTED', 'ssl.truststore.type'],
    [
      { 'security.protocol': 'SSL', 'ssl.truststore.location': '/none.pem', 'ssl.truststore.type': 'PEM' },
      'INVALID_ARGUMENT',
      'ssl.truststore.location',
    ],
  ])('%o are refused by name', (properties, code, name) => {
    expect(refusal(properties)).toMatchObject({ code, details: { name } });
  });
});

const checkOf = (algorithm?: string): unknown =>
  optionsFromProperties({ 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': algorithm }).tls;

describe('security by properties', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-properties-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const store = join(folder, 'store.pem');
  writeFileSync(store, 'the key and the certificate');
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="p\\"w;";';

  it('reads SASL logins as Java does', () => {
    expect(
      optionsFromProperties({
        'spring.kafka.security.protocol': 'SASL_PLAINTEXT',
        'spring.kafka.properties.sasl.mechanism': 'SCRAM-SHA-512',
        'spring.kafka.properties.sasl.jaas.config': login,
      }),
    ).toEqual({ sasl: { mechanism: 'SCRAM-SHA-512', username: 'alice', password: 'p"w;' } });
  });

  it('never repeats a password', () => {
    const error = refusal({ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': 'password="secret"' });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { name: 'sasl.jaas.config' } });
  });

  it('takes PEM stores, from files or in place', () => {
    const { tls } = optionsFromProperties({
      'security.protocol': 'SSL',
      'ssl.truststore.certificates': 'the authority',
      'spring.kafka.ssl.key-store-location': `file:${store}`,
      'spring.kafka.ssl.key-store-type': 'PEM',
      'spring.kafka.ssl.key-password': 'pw',
    });
    const content = Buffer.from('the key and the certificate');
    expect(tls).toEqual({ ca: 'the authority', key: content, cert: content, passphrase: 'pw' });
  });

  it('checks the name of the host unless that is switched off', () => {
    expect(checkOf()).toEqual({});
    expect(checkOf('')).toHaveProperty('checkServerIdentity');
  });

  it('asks the identity provider for tokens, once until they expire', async () => {
    const asked: string[] = [];
    const provider = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => asked.push(`${request.headers.authorization} ${body}`));
      request.on('end', () => response.end(JSON.stringify({ access_token: 'token', expires_in: 600 })));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => provider.once('listening', resolve));
    const endpoint = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/token`;
    const { sasl } = optionsFromProperties({
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token.endpoint.url': endpoint,
      'sasl.jaas.config': 'OAuthBearerLoginModule required clientId="app" clientSecret="s" scope="kafka";',
    });
    const { token } = sasl as { token: () => Promise<string> };
    expect([await token(), await token()]).toEqual(['token', 'token']);
    expect(asked).toEqual([`Basic ${Buffer.from('app:s').toString('base64')} grant_type=client_credentials&scope=kafka`]);
    provider.close();
  });
});
