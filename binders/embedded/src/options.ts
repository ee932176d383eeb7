import type { Clock } from '@millrace/core';

/** How an embedded binder is set up. All sizes are bytes, all times milliseconds. */
export interface EmbeddedBinderOptions {
  /** The data directory, created where missing (default: the environment's `MILLRACE_DATA_DIR`, else `.millrace`). */
  readonly dataDir?: string | undefined;
  /** Keep everything in the memory of this binder, in this thread: for tests. Nothing survives `close`. */
  readonly memory?: boolean | undefined;
  /** The source of time in memory mode (default: the machine's). */
  readonly clock?: Clock | undefined;
  /** The largest payload or region value (default 8 MiB). */
  readonly maxMessageBytes?: number | undefined;
  /** Commands that a queue holds before senders wait (default 1,000,000). Counts in the process that holds the directory. */
  readonly maxQueueDepth?: number | undefined;
  /** Bytes sent and not yet acknowledged before sends wait (default 32 MiB). */
  readonly maxUnackedBytes?: number | undefined;
  /** Bytes that each consumer reads ahead (default 1 MiB). */
  readonly readAheadBytes?: number | undefined;
  /** How long a command waits for room in a full queue before it is refused (default 30 s). */
  readonly sendWaitMs?: number | undefined;
  /** How long a consumer may take to give up a partition (default 10 s). */
  readonly revokeMs?: number | undefined;
  /** Size of a segment file (default 64 MiB). */
  readonly segmentBytes?: number | undefined;
}
