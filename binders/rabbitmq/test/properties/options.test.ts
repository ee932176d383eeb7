import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { optionsFromProperties } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-rabbitmq-'));
afterAll(() => rmSync(folder, { recursive: true }));
const ca = join(folder, 'ca.pem');
writeFileSync(ca, 'certificate');

const stream = 'spring.cloud.stream.rabbit';

describe('optionsFromProperties', () => {
  it.each([
    [{ 'spring.rabbitmq.addresses': 'a:1,b:2', 'spring.rabbitmq.host': 'c' }, { addresses: 'a:1,b:2' }],
    [{ 'spring.rabbitmq.host': 'c', 'spring.rabbitmq.port': 5 }, { addresses: 'c:5' }],
    [
      { 'spring.rabbitmq.virtual-host': 'v', 'spring.rabbitmq.username': 'u', 'spring.rabbitmq.password': 'p' },
      { virtualHost: 'v', username: 'u', password: 'p' },
    ],
    [{ 'spring.rabbitmq.virtual.host': 'from the environment' }, { virtualHost: 'from the environment' }],
    [{ 'spring.rabbitmq.requested-heartbeat': '10' }, { heartbeatMs: 10_000 }],
    [{ 'spring.rabbitmq.connectionTimeout': '2s' }, { connectTimeoutMs: 2000 }],
    [{ [`${stream}.default.consumer.prefix`]: 'p.' }, { prefix: 'p.' }],
    [{ [`${stream}.default.consumer.containerType`]: 'STREAM' }, { destinations: 'streams' }],
    [{ [`${stream}.default.consumer.quorum.enabled`]: 'false' }, { queueType: 'classic' }],
    [{ [`${stream}.default.consumer.auto-bind-dlq`]: true }, { deadLetters: 'arguments' }],
    [{ [`${stream}.default.consumer.prefetch`]: '20' }, { maxPrefetch: 20 }],
    [
      { [`${stream}.default.consumer.ttl`]: 1000, [`${stream}.default.consumer.singleActiveConsumer`]: 'true' },
      { queueArguments: { 'x-message-ttl': 1000, 'x-single-active-consumer': true } },
    ],
    [{ 'spring.rabbitmq.sasl-mechanism': 'EXTERNAL' }, { external: true }],
    [{ 'spring.application.name': 'x', 'spring.rabbitmq.publisher-confirm-type': 'correlated' }, {}],
  ])('%j', (properties, expected) => expect(optionsFromProperties(properties)).toEqual(expected));

  it('reads certificates of a bundle, as files or as they are', () => {
    const key = '-----BEGIN PRIVATE KEY-----';
    const properties = {
      'spring.rabbitmq.ssl.bundle': 'mine',
      'spring.ssl.bundle.pem.mine.truststore.certificate': `file:${ca}`,
      'spring.ssl.bundle.pem.mine.keystore.private-key': key,
    };
    expect(optionsFromProperties(properties)).toEqual({ tls: { ca: Buffer.from('certificate'), key } });
  });

  it('TLS is off where it is switched off', () => {
    expect(optionsFromProperties({ 'spring.rabbitmq.ssl.enabled': 'false', 'spring.rabbitmq.ssl.bundle': 'mine' })).toEqual({});
  });

  it.each([
    [{ 'spring.rabbitmq.ssl.enabled': 'true', 'spring.rabbitmq.ssl.trust-store': 'x.jks' }, 'UNSUPPORTED'],
    [{ 'spring.rabbitmq.ssl.bundle': 'b', 'spring.ssl.bundle.pem.b.truststore.certificate': 'file:/nowhere' }, 'INVALID_ARGUMENT'],
    [{ 'spring.rabbitmq.sasl-mechanism': 'GSSAPI' }, 'UNSUPPORTED'],
    [{ 'spring.rabbitmq.connection-timeout': 'soon' }, 'INVALID_ARGUMENT'],
    [{ [`${stream}.default.consumer.containerType`]: 'odd' }, 'INVALID_ARGUMENT'],
    [{ [`${stream}.default.consumer.ttl`]: 'long' }, 'INVALID_ARGUMENT'],
    [{ [`${stream}.default.consumer.quorum.enabled`]: 'maybe' }, 'INVALID_ARGUMENT'],
  ])('%j is refused as %s', (properties, code) => {
    expect(() => optionsFromProperties(properties)).toThrow(expect.objectContaining({ code }));
  });
});
