import type { ErrorJSON } from '@millrace/core';
import type { BrokerLimits } from '../broker/context.ts';

/** What the broker's thread is told when it starts. */
export interface WorkerSetup {
  /** Absolute. */
  readonly dataDir: string;
  readonly limits: BrokerLimits;
  readonly segmentBytes: number | undefined;
  /** Of this package. */
  readonly version: string;
  /** Whether this process lost a connection to an earlier broker. */
  readonly again: boolean;
}

/** What the broker's thread says once: it serves, another holds the directory, or it cannot work. */
export type WorkerReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'held' }
  | { readonly kind: 'failed'; readonly error: ErrorJSON };
