import type { Clock } from '@millrace/core';
import type { Journal } from '../journal/journal.ts';
import type { Control } from './control.ts';
import type { Producers } from './producers.ts';
import type { Stage } from './stage.ts';

/** What bounds the broker's memory. */
export interface BrokerLimits {
  readonly maxMessageBytes: number;
  /** Commands that a queue holds before senders wait. */
  readonly maxQueueDepth: number;
  /** Bytes of one answer. */
  readonly maxAnswerBytes: number;
  /** Milliseconds that a consumer has for giving up a partition. */
  readonly revokeMs: number;
  /** Milliseconds after a take-over during which clients come back before their work goes to others. */
  readonly graceMs: number;
}

/** What the parts of the broker share. */
export interface BrokerContext {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly stage: Stage;
  readonly control: Control;
  readonly producers: Producers;
  readonly limits: BrokerLimits;
  /** A journal stream that was never used. */
  newStream(): number;
  /** Monotonic time until which the broker waits for former clients. */
  readonly graceUntil: number;
}
