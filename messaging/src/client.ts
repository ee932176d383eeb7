import type { Clock, MillraceError } from '@millrace/core';
import type { Binder, BinderCapabilities, Provisioner, StartPosition } from './binder/index.ts';
import type { Message, MessageOptions } from './message.ts';
import type { Command, Definition, EventStream, Region } from './definitions.ts';
import type { RegionHandle } from './data-events/region-handle.ts';
import type { RetryOptions } from './policies/retry.ts';
import type { ParkedMessages } from './policies/parked.ts';
import type { Codec } from './policies/codec.ts';
import type { Log } from './runtime/log.ts';

/**
 * A connected runtime: the three patterns over the configured binders. Create one per process with `connect`, close it at the end;
 * it drains on SIGTERM by itself unless told otherwise.
 */
export interface Millrace extends AsyncDisposable {
  /** Publishes one event; resolves when the binder has it as durably as its capabilities say. Concurrent calls are coalesced into batches. */
  publish<T>(stream: EventStream<T>, payload: T, options?: PublishOptions): Promise<Published>;
  /** Publishes many in order; one outcome per event. Rejects with `details.failed` (indexes) if any was not accepted. */
  publishAll<T>(stream: EventStream<T>, payloads: readonly T[], options?: PublishAllOptions<T>): Promise<readonly Published[]>;
  /**
   * Handles events one at a time per key, concurrently across keys. Without a group (or without options) the subscription is anonymous:
   * it gets its own copy of what is published from now on, and ends with this process.
   */
  subscribe<T>(stream: EventStream<T>, handler: EventHandler<T>): Promise<Subscription>;
  subscribe<T>(stream: EventStream<T>, options: SubscribeOptions, handler: EventHandler<T>): Promise<Subscription>;
  /** Handles events in batches; the handler answers for each item or for all. */
  subscribeBatch<T>(stream: EventStream<T>, handler: BatchHandler<T>): Promise<Subscription>;
  subscribeBatch<T>(stream: EventStream<T>, options: SubscribeBatchOptions, handler: BatchHandler<T>): Promise<Subscription>;
  /** Reads a stretch of the log as batches and ends: a batch client. Takes no part in any group. */
  read<T>(stream: EventStream<T>, range?: ReadRange): AsyncIterable<readonly LogEvent<T>[]>;

  /** Sends a command one way; resolves when it is queued durably. */
  send<I, O>(command: Command<I, O>, input: I, options?: SendOptions): Promise<Sent>;
  /** Sends a command and waits for its reply; a typed error of the handler is thrown here. `DEADLINE_EXCEEDED` after the deadline. */
  call<I, O>(command: Command<I, O>, input: I, options?: CallOptions): Promise<O>;
  /** Handles commands as one of any number of competing consumers. */
  handle<I, O>(command: Command<I, O>, handler: CommandHandler<I, O>): Promise<Subscription>;
  handle<I, O>(command: Command<I, O>, options: HandleOptions, handler: CommandHandler<I, O>): Promise<Subscription>;
  /** Withdraws a command that no handler has started. */
  cancel<I, O>(command: Command<I, O>, id: string): Promise<boolean>;

  /** The entries of a region and their changes. */
  region<V>(region: Region<V>): RegionHandle<V>;

  /** Messages that failed for good, on every binder: list, show, edit, re-drive, discard. */
  readonly parked: ParkedMessages;
  /** Runs `work` so that what it publishes and the delivery it handles commit together, where the binder can (`UNSUPPORTED` otherwise). */
  transaction<R>(deliveries: readonly EventContext[], work: (tx: PublishTransaction) => Promise<R>): Promise<R>;

  health(): Health;
  /** All metrics in the Prometheus text format. */
  metrics(): string;
  /**
   * The binder of a name, or the one that carries a stream, command or region (default: the default binder), connected: its
   * capabilities and destinations, for tools. `UNAVAILABLE` if it cannot be reached.
   */
  binder(of?: string | Definition): Promise<{
    readonly name: string;
    readonly capabilities: BinderCapabilities;
    readonly provisioner: Provisioner;
    readonly raw: Binder;
  }>;
  /** Stops taking in, finishes what runs, commits and closes; what is still running at the deadline is given back. Idempotent. */
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/** How one event is published. */
export interface PublishOptions extends MessageOptions {
  /** Overrides the partition that key and partition key would choose. */
  readonly partition?: number | undefined;
  readonly deadlineMs?: number | undefined;
}

/** Options for many: shared, or computed per payload. */
export interface PublishAllOptions<T> {
  readonly each?: ((payload: T, index: number) => PublishOptions) | undefined;
  readonly deadlineMs?: number | undefined;
}

/** Where an event went, as far as the binder knows. */
export interface Published {
  readonly partition: number | undefined;
  readonly offset: number | undefined;
}

/** How events are consumed. */
export interface SubscribeOptions {
  /** Members of a group share the events; groups each get all. Absent: an anonymous subscription that ends with the process. */
  readonly group?: string | undefined;
  /** Where a group without a position begins (default `earliest`; anonymous: `latest`). */
  readonly start?: StartPosition | undefined;
  /** Handlers running at once, across keys (default 16). Events without a key are ordered within their partition. */
  readonly concurrency?: number | undefined;
  /** Events fetched but not finished, at most (default 1000). */
  readonly maxInFlight?: number | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Where events go that failed for good: `park` (default) or, as Spring does without a dead-letter queue, `skip`. */
  readonly onFailure?: 'park' | 'skip' | undefined;
  /** Fix the partitions of this instance instead of sharing them with the group. */
  readonly assignment?: { readonly index: number; readonly count: number } | undefined;
}

/** How events are consumed in batches. */
export interface SubscribeBatchOptions extends SubscribeOptions {
  readonly maxBatch?: number | undefined;
  /** Wait this long for a batch to fill (default 0: what is there). */
  readonly maxWaitMs?: number | undefined;
}

/** What a handler is told about the event at hand. */
export interface EventContext extends Message {
  readonly destination: string;
  readonly group: string;
  readonly partition: number;
  readonly offset: number;
  /** 1 at the first try. */
  readonly attempt: number;
  /** Aborted when the subscription gives up waiting: close deadline, revoked partition. */
  readonly signal: AbortSignal;
}

/** Handles one event; a promise is awaited. Throwing fails the try. May run again for the same event. */
export type EventHandler<T> = (payload: T, context: EventContext) => unknown;

/** An outcome per item, by index; items without one are done. */
export type BatchOutcome = void | readonly (ItemOutcome | undefined)[];
/** What became of one item of a batch: tried again by the policy, or parked now; with the error. */
export type ItemOutcome = { readonly retry: unknown } | { readonly reject: unknown };
/** Handles a batch of events. Throwing, or a rejected promise, fails all of them; an answer per item fails those only. */
export type BatchHandler<T> = (
  events: readonly { readonly payload: T; readonly context: EventContext }[],
) => BatchOutcome | Promise<BatchOutcome>;

/** An event as a batch client reads it, with its place in the log. */
export interface LogEvent<T> extends Message<T> {
  readonly partition: number;
  readonly offset: number;
}

/** The stretch of a log to read (default: all that is there at the call). */
export interface ReadRange {
  /**
   * A time, an offset in every partition, or one for each (default, also of partitions that the map lacks: the earliest kept). `latest`
   * is the end as it is at the call.
   */
  readonly from?: Date | number | ReadonlyMap<number, number> | 'earliest' | 'latest' | undefined;
  /** A time (exclusive), an offset (exclusive), or the end as it is at the call (default). `'follow'` never ends. */
  readonly to?: Date | number | 'now' | 'follow' | undefined;
  readonly partitions?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a command is sent. What the binder cannot do is `UNSUPPORTED`, before anything is sent. */
export interface SendOptions extends MessageOptions {
  readonly notBefore?: Date | undefined;
  readonly delayMs?: number | undefined;
  readonly priority?: number | undefined;
  readonly timeToLiveMs?: number | undefined;
  /** A second send with the same id within this time is dropped (default 0: ids are not compared). */
  readonly deduplicateMs?: number | undefined;
  readonly deadlineMs?: number | undefined;
}

/** A command that was queued; its id is what `cancel` takes. */
export interface Sent {
  readonly id: string;
}

/** How a command is sent and its reply waited for. */
export interface CallOptions extends Omit<SendOptions, 'notBefore' | 'delayMs'> {
  readonly signal?: AbortSignal | undefined;
}

/** How commands are handled. */
export interface HandleOptions {
  /** Commands handled at once (default 16). */
  readonly concurrency?: number | undefined;
  /**
   * How long a command is ours without sign of life (default 30000). Extended by itself while the handler runs, from this process's
   * event loop: a handler that blocks the loop for longer loses the command to another consumer, and its outcome is void.
   */
  readonly leaseMs?: number | undefined;
  readonly retry?: RetryOptions | undefined;
  readonly onFailure?: 'park' | 'skip' | undefined;
}

/** What a handler is told about the command at hand. */
export interface CommandContext extends Message {
  readonly attempt: number;
  /** Aborted when the lease is lost or the subscription closes. */
  readonly signal: AbortSignal;
}

/** Handles one command; what it returns is the reply, what it throws reaches the caller after the last try. May run again for the same command. */
export type CommandHandler<I, O> = (input: I, context: CommandContext) => O | Promise<O>;

/** An attached consumer, supervised: it reconnects by itself and says in `health` how it is. */
export interface Subscription extends AsyncDisposable {
  readonly name: string;
  pause(): void;
  resume(): void;
  lag(): Promise<number | undefined>;
  readonly health: SubscriptionHealth;
  /** Finishes what runs (until the deadline), commits and detaches. */
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/** How a subscription is and what it did since it began. `down`: nothing is consumed and an operator is needed. */
export interface SubscriptionHealth {
  readonly status: 'up' | 'paused' | 'recovering' | 'down' | 'closed';
  readonly error?: MillraceError | undefined;
  readonly inFlight: number;
  readonly handled: number;
  readonly failed: number;
  readonly parked: number;
}

/** How a runtime is: `down` as soon as one of its binders or subscriptions is. */
export interface Health {
  readonly status: 'up' | 'down';
  readonly binders: Readonly<Record<string, { readonly status: 'up' | 'down'; readonly error?: string }>>;
  readonly subscriptions: Readonly<Record<string, SubscriptionHealth>>;
}

/** Collects what is to be published together. */
export interface PublishTransaction {
  /** Adds an event to the transaction; visible to others only after the commit. */
  publish<T>(stream: EventStream<T>, payload: T, options?: PublishOptions): void;
}

/** How a runtime is put together; `connect` of the `millrace` package fills this from configuration. */
export interface RuntimeOptions {
  /** Creates a binder by name; called on first use. The runtime opens it, keeps it under that name and closes it. */
  readonly binders: (name: string) => Promise<Binder>;
  readonly defaultBinder: string;
  /** The binder of single destinations, by name. */
  readonly destinations?: Readonly<Record<string, string>> | undefined;
  /** Who we are, in CloudEvents `source`, metrics and origins (default: the process's id). */
  readonly name?: string | undefined;
  readonly clock?: Clock | undefined;
  /** What applies where a call says nothing: retry, and the deadlines of operations and of `close` (30 s each). */
  readonly defaults?:
    | { readonly retry?: RetryOptions; readonly deadlineMs?: number; readonly closeDeadlineMs?: number }
    | undefined;
  /** Codecs for more content types, found before the built-in ones for JSON, text and bytes. */
  readonly codecs?: readonly Codec[] | undefined;
  /** Where to tell operators of restarts, skipped messages and lost connections (default: standard error). */
  readonly log?: Log | undefined;
  /** Drain on SIGTERM and SIGINT (default true). */
  readonly handleSignals?: boolean | undefined;
  /**
   * Count errors that escape a handler's promise (thrown in a timer it started, rejections nobody awaits) as failures of the message
   * it handles, instead of letting them end the process (default true).
   */
  readonly isolateUncaught?: boolean | undefined;
}
