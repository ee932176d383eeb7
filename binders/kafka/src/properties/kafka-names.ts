import { environmentName, parseDuration, relaxedName } from '@millrace/core';

const binder = 'spring.cloud.stream.kafka.binder';

/** Fields of Spring that stand for a property of Kafka's clients. Names are compared as those of environment variables may be spelt. */
const fields: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'spring.kafka.bootstrap-servers': 'bootstrap.servers',
    'spring.kafka.client-id': 'client.id',
    'spring.kafka.security.protocol': 'security.protocol',
    'spring.kafka.ssl.key-password': 'ssl.key.password',
    'spring.kafka.ssl.key-store-certificate-chain': 'ssl.keystore.certificate.chain',
    'spring.kafka.ssl.key-store-key': 'ssl.keystore.key',
    'spring.kafka.ssl.key-store-location': 'ssl.keystore.location',
    'spring.kafka.ssl.key-store-password': 'ssl.keystore.password',
    'spring.kafka.ssl.key-store-type': 'ssl.keystore.type',
    'spring.kafka.ssl.trust-store-certificates': 'ssl.truststore.certificates',
    'spring.kafka.ssl.trust-store-location': 'ssl.truststore.location',
    'spring.kafka.ssl.trust-store-password': 'ssl.truststore.password',
    'spring.kafka.ssl.trust-store-type': 'ssl.truststore.type',
    'spring.kafka.consumer.bootstrap-servers': 'bootstrap.servers',
    'spring.kafka.consumer.client-id': 'client.id',
    'spring.kafka.consumer.isolation-level': 'isolation.level',
    'spring.kafka.consumer.fetch-max-wait': 'fetch.max.wait.ms',
    'spring.kafka.consumer.heartbeat-interval': 'heartbeat.interval.ms',
    'spring.kafka.producer.bootstrap-servers': 'bootstrap.servers',
    'spring.kafka.producer.client-id': 'client.id',
    'spring.kafka.producer.acks': 'acks',
    'spring.kafka.producer.compression-type': 'compression.type',
    'spring.kafka.producer.transaction-id-prefix': 'transaction.id.prefix',
    [`${binder}.brokers`]: 'bootstrap.servers',
    [`${binder}.defaultBrokerPort`]: 'default.broker.port',
    [`${binder}.requiredAcks`]: 'acks',
    [`${binder}.autoCreateTopics`]: 'auto.create.topics',
    [`${binder}.autoAddPartitions`]: 'auto.add.partitions',
    [`${binder}.minPartitionCount`]: 'min.partition.count',
    [`${binder}.replicationFactor`]: 'replication.factor',
    [`${binder}.transaction.transactionIdPrefix`]: 'transaction.id.prefix',
    [`${binder}.transaction.producer.compressionType`]: 'compression.type',
  }).map(([name, property]) => [environmentName(name), property]),
);

/** Places whose entries are properties of Kafka's clients as they are, weakest first. */
const places: readonly string[] = [
  'spring.kafka.properties',
  'spring.kafka.consumer.properties',
  'spring.kafka.producer.properties',
  'spring.kafka.consumer.ssl',
  `${binder}.configuration`,
  `${binder}.consumerProperties`,
  `${binder}.producerProperties`,
  `${binder}.transaction.producer.configuration`,
].map(relaxedName);

/**
 * Properties of Kafka's clients by their own names, out of a mixture of those with `spring.kafka.*` and
 * `spring.cloud.stream.kafka.binder.*`. The binder's are stronger than Spring Boot's, those stronger than bare ones.
 */
export function kafkaNames(properties: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const ranked = Object.entries(properties).flatMap(([name, value]) => {
    const found = kafkaName(name);
    return found === undefined || value === undefined || value === null ? [] : [{ ...found, value: textOf(value) }];
  });
  return new Map(ranked.toSorted((a, b) => a.rank - b.rank).map(({ property, value }) => [property, value]));
}

function kafkaName(name: string): { readonly property: string; readonly rank: number } | undefined {
  // A property with dots in its name may stand in brackets.
  const plain = name.replace(/\[([^\]]*)\]/g, '.$1');
  const relaxed = relaxedName(plain);
  const field = fields.get(environmentName(plain));
  const isBinders = relaxed.startsWith(relaxedName(binder));
  if (field !== undefined) return { property: field, rank: isBinders ? 100 : 10 };
  const place = places.findIndex((each) => relaxed.startsWith(`${each}.`));
  // The same number of dots whatever the spelling of the place.
  if (place >= 0) return { property: plain.split('.').slice(places[place]!.split('.').length).join('.'), rank: 20 + place };
  return relaxed.startsWith('spring.') ? undefined : { property: plain, rank: 0 };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Milliseconds, also of Spring's durations. */
export function milliseconds(text: string): number | undefined {
  return parseDuration(text);
}
