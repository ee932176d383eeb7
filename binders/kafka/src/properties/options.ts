import { raise } from '../errors.ts';
import type { KafkaBinderOptions } from '../options.ts';
import { kafkaNames, milliseconds } from './kafka-names.ts';
import { securityOf } from './security.ts';

type Properties = ReadonlyMap<string, string>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const numbers: readonly (readonly [property: string, option: keyof KafkaBinderOptions])[] = [
  ['max.request.size', 'maxMessageBytes'],
  ['fetch.max.bytes', 'readAheadBytes'],
  ['max.partition.fetch.bytes', 'partitionFetchBytes'],
  ['min.partition.count', 'minPartitions'],
  ['replication.factor', 'replicationFactor'],
];

const durations: readonly (readonly [property: string, option: keyof KafkaBinderOptions])[] = [
  ['delivery.timeout.ms', 'deliveryTimeoutMs'],
  ['request.timeout.ms', 'requestTimeoutMs'],
  ['socket.connection.setup.timeout.ms', 'connectTimeoutMs'],
  ['fetch.max.wait.ms', 'fetchMaxWaitMs'],
  ['session.timeout.ms', 'sessionTimeoutMs'],
  ['heartbeat.interval.ms', 'heartbeatMs'],
  ['max.poll.interval.ms', 'rebalanceTimeoutMs'],
  ['metadata.max.age.ms', 'metadataMaxAgeMs'],
  ['transaction.timeout.ms', 'transactionTimeoutMs'],
];

const texts: readonly (readonly [property: string, option: keyof KafkaBinderOptions])[] = [
  ['client.id', 'clientId'],
  ['group.instance.id', 'groupInstanceId'],
  ['transaction.id.prefix', 'transactionIdPrefix'],
];

const switches: readonly (readonly [property: string, option: keyof KafkaBinderOptions])[] = [
  ['auto.create.topics', 'autoCreateTopics'],
  ['auto.add.partitions', 'autoAddPartitions'],
];

/**
 * The options that properties of Spring Cloud Stream (`spring.cloud.stream.kafka.binder.*`), Spring Boot (`spring.kafka.*`) and
 * Kafka's own clients ask for. Properties that have no meaning here are passed over; one whose meaning cannot be kept fails with
 * `UNSUPPORTED`, one that is wrong with `INVALID_ARGUMENT`.
 */
export function optionsFromProperties(properties: Readonly<Record<string, unknown>>): KafkaBinderOptions {
  const named = kafkaNames(properties);
  const options: Mutable<KafkaBinderOptions> = { ...securityOf(named) };
  const set = (option: keyof KafkaBinderOptions, value: unknown): void => {
    if (value !== undefined) (options as Record<string, unknown>)[option] = value;
  };
  for (const [property, option] of numbers) set(option, read(named, property, numberOf, 'give a number'));
  for (const [property, option] of durations) set(option, read(named, property, milliseconds, 'give milliseconds'));
  for (const [property, option] of switches) set(option, read(named, property, switchOf, "give 'true' or 'false'"));
  for (const [property, option] of texts) set(option, named.get(property));
  set('brokers', brokersOf(named));
  set('acks', acksOf(named));
  set('compression', read(named, 'compression.type', compressionOf, 'use none, gzip, snappy, lz4 or zstd'));
  set('assignmentStrategy', strategyOf(named));
  set('readCommitted', read(named, 'isolation.level', isolationOf, "use 'read_committed' or 'read_uncommitted'"));
  return options;
}

function read<T>(named: Properties, name: string, convert: (text: string) => T | undefined, expected: string): T | undefined {
  const text = named.get(name);
  if (text === undefined) return undefined;
  const value = convert(text.trim());
  if (value === undefined) throw raise('PROPERTY_INVALID', { name, value: text, expected });
  return value;
}

function numberOf(text: string): number | undefined {
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function switchOf(text: string): boolean | undefined {
  return { true: true, false: false }[text.toLowerCase()];
}

function compressionOf(text: string): KafkaBinderOptions['compression'] {
  const known = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
  return known.find((each) => each === text.toLowerCase());
}

function isolationOf(text: string): boolean | undefined {
  return { read_committed: true, read_uncommitted: false }[text.toLowerCase().replaceAll('-', '_')];
}

/** The binder's port goes to the brokers that name none. */
function brokersOf(named: Properties): string | undefined {
  const port = named.get('default.broker.port');
  const brokers = named.get('bootstrap.servers');
  if (port === undefined || brokers === undefined) return brokers;
  const complete = (broker: string): string => (/:\d+$/.test(broker) ? broker : `${broker}:${port}`);
  return brokers
    .split(',')
    .map((broker) => complete(broker.trim()))
    .join(',');
}

/** Of the assignors that Java's consumers are given by class name, others by a short one, the best that there is here. */
function strategyOf(named: Properties): KafkaBinderOptions['assignmentStrategy'] {
  const name = 'partition.assignment.strategy';
  const value = named.get(name);
  if (value === undefined) return undefined;
  if (/CooperativeSticky|cooperative-sticky/.test(value)) return 'cooperative-sticky';
  if (/RangeAssignor|\brange\b/.test(value)) return 'range';
  throw raise('PROPERTY_UNSUPPORTED', { name, value, next: 'name the CooperativeStickyAssignor or the RangeAssignor' });
}

function acksOf(named: Properties): KafkaBinderOptions['acks'] {
  const value = named.get('acks')?.trim().toLowerCase();
  if (value === undefined || value === 'all' || value === '-1') return value === undefined ? undefined : 'all';
  if (value === '1') return 'leader';
  if (value === '0')
    throw raise('PROPERTY_UNSUPPORTED', { name: 'acks', value, next: "a send must know what became of it: use 'all', or '1'" });
  throw raise('PROPERTY_INVALID', { name: 'acks', value, expected: "use 'all' or '1'" });
}
