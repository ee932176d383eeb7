import type { ErrorCode, MillraceError } from '@millrace/core';
import type { BinderCapabilities, StartPosition } from './capabilities.ts';
import type { LogFacet, TransactionFacet } from './log.ts';
import type { InboundMessage, OutboundMessage } from './message.ts';
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
  /** Detaches everything and frees all resources; idempotent. Sends under way settle first. */
  close(): Promise<void>;
}

/** Told about the connection. A binder reconnects by itself, with its topology and consumers, and says so here. */
export interface BinderListener {
  readonly disconnected?: (error: MillraceError) => void;
  readonly reconnected?: () => void;
}

export interface ProducerOptions {
  /** Partitions that a destination created by this binding gets (default 1). An existing destination keeps its own number. */
  readonly partitions?: number | undefined;
  /** Groups that must exist before the first send, so that nothing sent is lost to them. */
  readonly requiredGroups?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ProducerBinding {
  readonly destination: string;
  /** The actual number of partitions, what a partition key's hash is taken modulo of. */
  readonly partitions: number;
  /**
   * Sends a batch; resolves when every message is settled: as durable as {@link BinderCapabilities.durability} says, or failed.
   * One outcome per message, in order. Messages of one partition keep their order, also across calls that were not awaited.
   * Back-pressure is the promise: a caller that awaits it is never ahead of the broker by more than its own batches.
   */
  send(messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]>;
  close(): Promise<void>;
}

/** Where an accepted message lies, as far as the binder knows, or why it was not accepted. */
export type SendOutcome =
  | { readonly partition?: number | undefined; readonly offset?: number | undefined; readonly error?: undefined }
  | { readonly error: MillraceError };

export interface ConsumerOptions {
  /** Where a group without a position begins (default: `earliest` for a named group, `latest` for an anonymous one). */
  readonly start?: StartPosition | undefined;
  /** Minimum partitions if this binding creates the destination (default 1). */
  readonly partitions?: number | undefined;
  /** Fix the partitions instead of sharing them with the group: those with `partition % count === index`. */
  readonly assignment?: { readonly index: number; readonly count: number } | undefined;
  /** Messages handed out before they are acknowledged, at most (default 1000). */
  readonly maxInFlight?: number | undefined;
  readonly listener?: ConsumerListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ConsumerListener {
  readonly assigned?: (partitions: readonly number[]) => void;
  /** Called before partitions go to another member; the binder waits for it (bounded), then no ack for them is accepted. */
  readonly revoked?: (partitions: readonly number[]) => Promise<void>;
}

/** A pull of deliveries with acknowledgement; shared by subscriptions and queues. */
export interface DeliverySource<D extends Delivery = Delivery> {
  /**
   * Waits for deliveries and returns at least one and at most `max`; an empty array only when the source was closed or `waitMs` passed.
   * One call at a time. Rejects when the source has died for good.
   */
  receive(max: number, waitMs?: number): Promise<readonly D[]>;
  /** Marks deliveries as done, durably. A delivery that is no longer ours (revoked, lease lost) is ignored; its twin comes elsewhere. */
  ack(deliveries: readonly D[]): Promise<void>;
  /** Detaches; deliveries not acknowledged go to other members, or come again. Idempotent. */
  close(): Promise<void>;
}

export interface ConsumerBinding extends DeliverySource {
  readonly destination: string;
  /** The group; the generated name where the subscription is anonymous. */
  readonly group: string;
  /** Stops handing out messages of these partitions (all without argument) until resumed. */
  pause(partitions?: readonly number[]): void;
  resume(partitions?: readonly number[]): void;
  /**
   * Gives unfinished deliveries back for redelivery, after `delayMs` at the earliest. Where acknowledgement is cumulative the
   * partition goes back to the first of them.
   */
  release(deliveries: readonly Delivery[], delayMs?: number): Promise<void>;
  /** Messages not yet acknowledged by the group, over all partitions of the destination; `undefined` where unknown. */
  lag(): Promise<number | undefined>;
}

/** A message handed to a consumer, to be acknowledged. */
export interface Delivery extends InboundMessage {
  readonly partition: number;
  /** Position in the partition; increasing, not necessarily without gaps. For queues: a number unique in the queue. */
  readonly offset: number;
  /** How often it was handed out before, as far as the broker knows; 0 at first. */
  readonly redeliveries: number;
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

export interface DestinationSpec {
  readonly kind?: 'log' | 'queue' | 'region' | undefined;
  readonly partitions?: number | undefined;
  readonly retentionMs?: number | undefined;
  readonly retentionBytes?: number | undefined;
  /** Keep at least the last message of each key. */
  readonly compact?: boolean | undefined;
}

export interface DestinationInfo extends DestinationSpec {
  readonly name: string;
  readonly kind: 'log' | 'queue' | 'region';
  readonly partitions: number;
  /** Messages (log), pending commands (queue) or entries (region) held now, where cheap to know. */
  readonly count?: number | undefined;
  readonly groups?: readonly string[] | undefined;
}
