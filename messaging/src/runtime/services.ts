import type { Clock } from '@millrace/core';
import type { Binder } from '../binder/index.ts';
import type { Definition } from '../definitions.ts';
import type { Millrace, Subscription } from '../client.ts';
import type { CodecRegistry } from '../policies/codec.ts';
import type { MetricsRegistry } from '../policies/metrics.ts';
import type { ParkingLot } from '../policies/park.ts';
import type { RetryOptions } from '../policies/retry.ts';
import type { Tracing } from '../policies/tracing.ts';
import type { Log } from './log.ts';

/** What every pattern of one runtime shares; nothing of it is global. */
export interface Services {
  /** Who we are, in origins, CloudEvents sources and region writes. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly tracing: Tracing;
  readonly codecs: CodecRegistry;
  readonly parked: ParkingLot;
  readonly defaults: Defaults;
  /** The open binder of a definition: its own choice, that of its destination, or the default. Opened on first use. */
  binderFor(definition: Definition): Promise<Binder>;
  /** Shows a subscription in `health` and closes it with the runtime; returns how to take it out. `FAILED_PRECONDITION` once closing. */
  register(subscription: Subscription): () => void;
  /** Throws `FAILED_PRECONDITION` once the runtime is closed; handlers that finish during `close` may still send. */
  assertOpen(operation: string): void;
}

/** What applies where a call says nothing. */
export interface Defaults {
  readonly retry: RetryOptions;
  readonly deadlineMs: number;
  /** Deadline of `close` of a subscription or runtime. */
  readonly closeDeadlineMs: number;
}

/** The event-stream pattern; `close` is called when every subscription has been closed. */
export type EventStreams = Pick<Millrace, 'publish' | 'publishAll' | 'subscribe' | 'subscribeBatch' | 'read' | 'transaction'> &
  Closing;
/** The command pattern. */
export type Commands = Pick<Millrace, 'send' | 'call' | 'handle' | 'cancel'> & Closing;
/** The data-event pattern. */
export type Regions = Pick<Millrace, 'region'> & Closing;

interface Closing {
  close(): Promise<void>;
}
