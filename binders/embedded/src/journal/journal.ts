import type { Clock, MillraceError } from '@millrace/core';

/**
 * The shared commit log beneath the embedded binder: everything durable (events, queue and region operations, group positions, the
 * catalogue of destinations) is appended here, so that one flush makes any mix of it durable and atomic. Data is grouped by *stream*
 * (a partition of a destination, a queue, a region …); each stream has its own dense offsets.
 *
 * All methods are synchronous and belong to one thread. After a failed write or flush the journal is *fenced*: it refuses further
 * commits with the same error and keeps serving reads, because nothing is known about what reached the disk.
 */
export interface Journal {
  /**
   * Appends batches to their streams as one atomic, durable step: after a crash either all of them are there or none.
   * Returns the base offset of each batch. Throws `RESOURCE_EXHAUSTED` (disk full; nothing was appended, try again when there is
   * space) or the fencing error.
   */
  commit(batches: readonly BatchInput[]): readonly number[];
  /** The stored batches from the one that holds `from`, in order, about `maxBytes` of them (at least one if there is one). */
  read(stream: number, from: number, maxBytes: number): readonly StoredBatch[];
  bounds(stream: number): StreamBounds;
  /** The base offset of the first batch that has a record not older than `time`; the next offset if there is none. */
  offsetAt(stream: number, time: number): number;
  /** Everything below `offset` may be removed. */
  truncate(stream: number, offset: number): void;
  /** The stream is gone; its number is never used again. */
  drop(stream: number): void;
  /** What may be removed from a stream by age, size and key. Not durable: set again after each start. */
  setPolicy(stream: number, policy: StreamPolicy): void;
  /** Does a bounded amount of retention and compaction work; returns whether there is more. Called when idle and after rolls. */
  maintain(): boolean;
  /** What the check at start and later reads found broken. A damaged stream refuses reads in that range; others serve. */
  readonly damage: readonly Damage[];
  readonly fenced: MillraceError | undefined;
  stats(): JournalStats;
  close(): void;
}

/** Opens or creates a journal. Implemented by the segment files and by memory. */
export interface JournalOptions {
  readonly clock: Clock;
  /** Size of a segment file in bytes (default 64 MiB). */
  readonly segmentBytes?: number | undefined;
}

export interface BatchInput {
  readonly stream: number;
  /** Records in `bytes`, at least 1; the batch takes that many offsets. */
  readonly count: number;
  readonly firstTime: number;
  readonly lastTime: number;
  /** Encoded records (see `records.ts`); opaque to the journal except for compaction by key. */
  readonly bytes: Uint8Array;
}

export interface StoredBatch {
  readonly stream: number;
  readonly baseOffset: number;
  /** Offsets taken; after compaction fewer records may be in `bytes`, each with its own offset delta. */
  readonly count: number;
  readonly firstTime: number;
  readonly lastTime: number;
  /** A view, valid until the next call. */
  readonly bytes: Uint8Array;
}

export interface StreamBounds {
  readonly earliest: number;
  readonly next: number;
  readonly bytes: number;
}

export interface StreamPolicy {
  readonly retentionMs?: number | undefined;
  readonly retentionBytes?: number | undefined;
  /** Keep a record only while it is the last of its key; tombstones go once nothing older is left. */
  readonly compact?: boolean | undefined;
  /** Overrides `compact`: says for a record whether it is still needed. Must answer `true` when unsure. */
  readonly isLive?: ((offset: number, record: Uint8Array) => boolean) | undefined;
}

export interface Damage {
  readonly stream: number | undefined;
  readonly file: string;
  /** Byte position in the file. */
  readonly position: number;
  readonly fromOffset: number | undefined;
  readonly toOffset: number | undefined;
  readonly what: string;
}

export interface JournalStats {
  readonly segments: number;
  readonly bytes: number;
  readonly commits: number;
  readonly flushes: number;
}
