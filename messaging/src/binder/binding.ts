import type { MillraceError } from '@millrace/core';
import type { StartPosition } from './capabilities.ts';
import type { InboundMessage, OutboundMessage } from './message.ts';

/** How a producer attaches. */
export interface ProducerOptions {
  /** Partitions that a destination created by this binding gets (default 1). An existing destination keeps its own number. */
  readonly partitions?: number | undefined;
  /** Groups that must exist before the first send, so that nothing sent is lost to them. */
  readonly requiredGroups?: readonly string[] | undefined;
}

/** An attached sender to one destination. */
export interface ProducerBinding {
  readonly destination: string;
  /** The actual number of partitions, what a partition key's hash is taken modulo of. */
  readonly partitions: number;
  /**
   * Whether a message with a key and without a partition goes where other programs of this broker would put it. The portable layer
   * then leaves the choice to the binding; otherwise it takes the hash that Java has for the key.
   */
  readonly placesKeys?: boolean | undefined;
  /**
   * Sends a batch; resolves when every message is settled: as durable as the `durability` capability says, or failed.
   * One outcome per message, in order. Messages of one partition keep their order, also across calls that were not awaited.
   * Where nothing is retained, a message that no group would get may be refused (`FAILED_PRECONDITION`) rather than dropped.
   * Back-pressure is the promise: a caller that awaits it is never ahead of the broker by more than its own batches.
   */
  send(messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]>;
  close(): Promise<void>;
}

/** Where an accepted message lies, as far as the binder knows, or why it was not accepted. */
export type SendOutcome =
  | { readonly partition?: number | undefined; readonly offset?: number | undefined; readonly error?: undefined }
  | { readonly error: MillraceError };

/** How a consumer attaches. */
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
}

/** Told which partitions come and go, for binders that share them among the members of a group. */
export interface ConsumerListener {
  readonly assigned?: (partitions: readonly number[]) => void;
  /** Called before partitions go to another member; the binder waits for it (bounded), then no ack for them is accepted. */
  readonly revoked?: (partitions: readonly number[]) => Promise<void>;
  /** Partitions that may be another member's already, or ours anew: nothing of what was delivered of them counts any more. */
  readonly lost?: (partitions: readonly number[]) => void;
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

/** An attached member of a group. Deliveries are handed out until `maxInFlight` of them wait for their acknowledgement. */
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
