import type { CompressionAlgorithmValue } from '@platformatic/kafka';
import type { ConnectionOptions as TlsOptions } from 'node:tls';

/** Credentials for SASL. Functions are asked anew for each connection. */
export type SaslOptions =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string | (() => string | Promise<string>);
      readonly password: string | (() => string | Promise<string>);
    }
  | {
      readonly mechanism: 'OAUTHBEARER';
      readonly token: string | (() => string | Promise<string>);
      readonly extensions?: Readonly<Record<string, string>> | undefined;
    };

/** How a Kafka binder is set up. All sizes are bytes, all times milliseconds. */
export interface KafkaBinderOptions {
  /**
   * Settings under the names of Spring Cloud Stream, Spring Boot or Kafka's own clients, with the meaning they have there. The
   * options beside them win.
   */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  /** Brokers to begin with, as `host:port` (default: the environment's `MILLRACE_KAFKA_BROKERS`, else `localhost:9092`). */
  readonly brokers?: string | readonly string[] | undefined;
  /** What this client is called in the broker's logs and quotas (default `millrace`). */
  readonly clientId?: string | undefined;
  /** TLS, with the options of `node:tls`: `true` trusts the machine's authorities; `ca`, `cert` and `key` for others. */
  readonly tls?: boolean | TlsOptions | undefined;
  readonly sasl?: SaslOptions | undefined;
  /** Acknowledged by all replicas in sync (`all`, default) or by the leader alone, which loses messages when it fails. */
  readonly acks?: 'all' | 'leader' | undefined;
  readonly compression?: CompressionAlgorithmValue | undefined;
  /** The largest payload (default 1,000,000; the topic's `max.message.bytes` must allow it). */
  readonly maxMessageBytes?: number | undefined;
  /** The largest batch (default 1,048,576 or what the largest message needs). */
  readonly maxBatchBytes?: number | undefined;
  /** How long a send is tried until it is given up (default 30 s). */
  readonly deliveryTimeoutMs?: number | undefined;
  /** How long a broker may take for one answer (default 10 s). */
  readonly requestTimeoutMs?: number | undefined;
  /** How long connecting may take (default 5 s). */
  readonly connectTimeoutMs?: number | undefined;
  /** How long other operations are tried over failures that pass (default 20 s). */
  readonly patienceMs?: number | undefined;
  /** Create topics that are missing when they are bound (default true). */
  readonly autoCreateTopics?: boolean | undefined;
  /** Add partitions to a topic that has fewer than a binding asks for (default false). */
  readonly autoAddPartitions?: boolean | undefined;
  /** Partitions of created topics, at least (default 1). */
  readonly minPartitions?: number | undefined;
  /** Replicas of created topics (default: the broker's setting). */
  readonly replicationFactor?: number | undefined;
  /** Settings of created topics, under Kafka's names. */
  readonly topicConfig?: Readonly<Record<string, string>> | undefined;
  /** Whether messages of transactions that were not committed are left out (default true). */
  readonly readCommitted?: boolean | undefined;
  /** Bytes that each consumer reads ahead (default 8 MiB). */
  readonly readAheadBytes?: number | undefined;
  /** Bytes read of one partition at once (default 1 MiB). */
  readonly partitionFetchBytes?: number | undefined;
  /** How long a broker waits for messages before it answers that there are none (default 500). */
  readonly fetchMaxWaitMs?: number | undefined;
  /** After how long without a sign of life a member's partitions go to others (default 10 s). */
  readonly sessionTimeoutMs?: number | undefined;
  /** How often members give a sign of life, and hear of changes in their group (default 1 s). */
  readonly heartbeatMs?: number | undefined;
  /** How long the members of a group have to agree on an assignment (default 60 s). */
  readonly rebalanceTimeoutMs?: number | undefined;
  /** How long a consumer may take to finish what it has of a partition that it gives up (default 8 s, less than the session). */
  readonly revokeMs?: number | undefined;
  /**
   * How the members of groups share partitions out; all members of a group must do it alike. `cooperative-sticky` (default) moves few
   * and stops none of the others; `range` is for groups with members that know nothing else.
   */
  readonly assignmentStrategy?: 'cooperative-sticky' | 'range' | undefined;
  /** How often topics are looked at for new partitions (default 30 s). */
  readonly metadataMaxAgeMs?: number | undefined;
  /** Static membership: members of this process come back under this name and take their partitions up again. */
  readonly groupInstanceId?: string | undefined;
  /** Begins the names under which transactions are committed (default: one that no other process has). */
  readonly transactionIdPrefix?: string | undefined;
  /** After how long the broker gives up a transaction of a process that is gone (default 10 s). Readers wait that long for it. */
  readonly transactionTimeoutMs?: number | undefined;
}
