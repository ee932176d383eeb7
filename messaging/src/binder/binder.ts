import type { ErrorCode, MillraceError } from '@millrace/core';
import type { ConsumerBinding, ConsumerOptions, ProducerBinding, ProducerOptions } from './binding.ts';
import type { BinderCapabilities } from './capabilities.ts';
import type { LogFacet, TransactionFacet } from './log.ts';
import type { ParkingFacet, QueueFacet } from './queue.ts';
import type { RegionFacet } from './region.ts';

/**
 * A messaging system behind the portable layer. A binder talks to its server and nothing else: no retry, batching policy,
 * defaults, validation of payloads or tracing; the portable layer owns these once for all binders. It validates what only it can
 * know (names, limits) and classifies its own errors.
 *
 * Every promise settles: an operation that cannot say whether it happened rejects with `INDETERMINATE`.
 * A facet that is absent is one whose capability is `false`; an option that is not supported rejects with `UNSUPPORTED`.
 */
export interface Binder {
  /** `embedded`, `kafka`, `rabbitmq`, `geode`, … */
  readonly name: string;
  readonly capabilities: BinderCapabilities;
  /** Connects. Called once, before anything else; rejects with `UNAVAILABLE` when the server cannot be reached. */
  open(listener?: BinderListener): Promise<void>;
  /** Attaches a producer, creating the destination where it is missing and provisioning allows. */
  bindProducer(destination: string, options?: ProducerOptions): Promise<ProducerBinding>;
  /**
   * Attaches a consumer as one member of `group`; members of a group share its messages, groups each get all.
   * Without a group the subscription is anonymous: its own copy, from the latest position, gone with the binding.
   */
  bindConsumer(destination: string, group: string | undefined, options?: ConsumerOptions): Promise<ConsumerBinding>;
  readonly provisioner: Provisioner;
  readonly log?: LogFacet | undefined;
  readonly queue?: QueueFacet | undefined;
  readonly region?: RegionFacet | undefined;
  readonly parking?: ParkingFacet | undefined;
  readonly transactions?: TransactionFacet | undefined;
  /** Classifies an error of this binder or of its client library. */
  errorCode(error: unknown): ErrorCode;
  /** Looks for what is wrong or would lose data: rights, versions, weak durability settings, damage. For `millrace doctor`. */
  diagnose?(): Promise<readonly Diagnosis[]>;
  /** Detaches everything and frees all resources; idempotent. Sends under way settle first. */
  close(): Promise<void>;
}

/** One finding of {@link Binder.diagnose}. */
export interface Diagnosis {
  /** What was looked at, e.g. `integrity of the journal`. */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do about it. */
  readonly next?: string | undefined;
}

/** Told about the connection. A binder reconnects by itself, with its topology and consumers, and says so here. */
export interface BinderListener {
  readonly disconnected?: (error: MillraceError) => void;
  readonly reconnected?: () => void;
}

/** Creates, describes and removes destinations. */
export interface Provisioner {
  /** Creates the destination, or checks an existing one against `spec`: `FAILED_PRECONDITION` names the difference. */
  ensure(destination: string, spec?: DestinationSpec): Promise<DestinationInfo>;
  describe(destination: string): Promise<DestinationInfo | undefined>;
  list(): Promise<readonly DestinationInfo[]>;
  /** Removes the destination with its messages and groups. `NOT_FOUND` if there is none. */
  delete(destination: string): Promise<void>;
  /** The name of the dead-letter destination of a group. */
  deadLetterName(destination: string, group: string): string;
}

/** What a destination should be like when it is made. */
export interface DestinationSpec {
  readonly kind?: 'log' | 'queue' | 'region' | undefined;
  readonly partitions?: number | undefined;
  readonly retentionMs?: number | undefined;
  readonly retentionBytes?: number | undefined;
  /** Keep at least the last message of each key. */
  readonly compact?: boolean | undefined;
}

/** A destination as it is on the broker. */
export interface DestinationInfo extends DestinationSpec {
  readonly name: string;
  readonly kind: 'log' | 'queue' | 'region';
  readonly partitions: number;
  /** Messages (log), pending commands (queue) or entries (region) held now, where cheap to know. */
  readonly count?: number | undefined;
  readonly groups?: readonly string[] | undefined;
}
