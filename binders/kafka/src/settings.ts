import { raise } from './errors.ts';
import type { ClusterSettings } from './client/cluster.ts';
import type { BrokerAddress } from './client/link.ts';
import type { FetchSettings } from './consumer/fetcher.ts';
import { strategies } from './consumer/group-protocol.ts';
import type { MemberSettings } from './consumer/group-member.ts';
import type { KafkaBinderOptions, SaslOptions } from './options.ts';
import { optionsFromProperties } from './properties/options.ts';
import type { SendSettings } from './producer/partition-sender.ts';

/** How topics are made. */
export interface TopicSettings {
  readonly autoCreateTopics: boolean;
  readonly autoAddPartitions: boolean;
  readonly minPartitions: number;
  readonly replicationFactor: number;
  readonly topicConfig: Readonly<Record<string, string>>;
}

export interface TransactionSettings {
  readonly idPrefix: string | undefined;
  readonly timeoutMs: number;
}

/** The options with their defaults, by who needs them. */
export interface Settings {
  readonly cluster: ClusterSettings;
  readonly send: SendSettings;
  readonly fetch: FetchSettings;
  readonly member: Omit<MemberSettings, 'instanceId'>;
  readonly topics: TopicSettings;
  readonly transactions: TransactionSettings;
  readonly maxMessageBytes: number;
  readonly revokeMs: number;
  readonly groupInstanceId: string | undefined;
}

const mebibyte = 1024 * 1024;
const defaultPort = 9092;

export function settingsOf(given: KafkaBinderOptions): Settings {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: KafkaBinderOptions = { ...optionsFromProperties(given.properties ?? {}), ...Object.fromEntries(set) };
  const { maxMessageBytes = 1_000_000, revokeMs = 8000, groupInstanceId } = options;
  return {
    cluster: clusterSettings(options),
    send: sendSettings(options, maxMessageBytes),
    fetch: fetchSettings(options),
    member: memberSettings(options),
    topics: topicSettings(options),
    transactions: { idPrefix: options.transactionIdPrefix, timeoutMs: options.transactionTimeoutMs ?? 10_000 },
    maxMessageBytes,
    revokeMs,
    groupInstanceId,
  };
}

function clusterSettings(options: KafkaBinderOptions): ClusterSettings {
  const { clientId = 'millrace', connectTimeoutMs = 5000, requestTimeoutMs = 10_000, patienceMs = 20_000, tls, sasl } = options;
  return {
    brokers: addressesOf(options.brokers ?? (process.env['MILLRACE_KAFKA_BROKERS'] || `localhost:${defaultPort}`)),
    clientId,
    connectTimeoutMs,
    requestTimeoutMs,
    patienceMs,
    tls: tls === true ? {} : tls === false ? undefined : tls,
    sasl: sasl === undefined ? undefined : saslOf(sasl),
  };
}

function sendSettings(options: KafkaBinderOptions, maxMessageBytes: number): SendSettings {
  const { acks = 'all', compression = 'none', requestTimeoutMs = 10_000, deliveryTimeoutMs = 30_000 } = options;
  const maxBatchBytes = options.maxBatchBytes ?? Math.max(mebibyte, maxMessageBytes);
  return { acks: acks === 'all' ? -1 : 1, compression, maxBatchBytes, deliveryTimeoutMs, requestTimeoutMs };
}

function fetchSettings(options: KafkaBinderOptions): FetchSettings {
  const { readAheadBytes = 8 * mebibyte, partitionFetchBytes = mebibyte, fetchMaxWaitMs = 500, readCommitted = true } = options;
  return { readAheadBytes, partitionBytes: partitionFetchBytes, maxWaitMs: fetchMaxWaitMs, isCommitted: readCommitted };
}

function memberSettings(options: KafkaBinderOptions): Omit<MemberSettings, 'instanceId'> {
  const { sessionTimeoutMs = 10_000, heartbeatMs = 1000, rebalanceTimeoutMs = 60_000, metadataMaxAgeMs = 30_000 } = options;
  const name = options.assignmentStrategy ?? 'cooperative-sticky';
  if (!Object.hasOwn(strategies, name))
    throw raise('OPTION_INVALID', { name: 'assignmentStrategy', value: `'${name}'`, expected: 'use cooperative-sticky or range' });
  return { sessionTimeoutMs, heartbeatMs, rebalanceTimeoutMs, metadataMaxAgeMs, strategy: strategies[name] };
}

function topicSettings(options: KafkaBinderOptions): TopicSettings {
  const {
    autoCreateTopics = true,
    autoAddPartitions = false,
    minPartitions = 1,
    replicationFactor = -1,
    topicConfig = {},
  } = options;
  return { autoCreateTopics, autoAddPartitions, minPartitions, replicationFactor, topicConfig };
}

function saslOf(sasl: SaslOptions): object {
  if (sasl.mechanism !== 'OAUTHBEARER') return sasl;
  const { mechanism, token, extensions } = sasl;
  return { mechanism, token, oauthBearerExtensions: extensions };
}

/** Addresses as Kafka writes them: `host:port`, several with commas; `[::1]:9092` for version 6. */
export function addressesOf(brokers: string | readonly string[]): readonly BrokerAddress[] {
  const texts = (typeof brokers === 'string' ? brokers.split(',') : brokers)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length === 0)
    throw raise('OPTION_INVALID', { name: 'brokers', value: `'${String(brokers)}'`, expected: "give 'host:port'" });
  return texts.map(addressOf);
}

function addressOf(text: string): BrokerAddress {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number > 65_535)
    throw raise('OPTION_INVALID', { name: 'brokers', value: `'${text}'`, expected: "give 'host:port'" });
  return { host, port: number };
}
