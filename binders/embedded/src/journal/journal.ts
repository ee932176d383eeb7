import type { Clock, MillraceError } from '@millrace/core';
import type { RecordView } from '../records/records.ts';

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
   * Returns the base offset of each batch. A stream begins with its first batch, at offset 0; streams are numbered from 1. Throws `RESOURCE_EXHAUSTED` (disk full; nothing was appended, try again when there is
   * space) or the fencing error.
   */
  commit(batches: readonly BatchInput[]): readonly number[];
  /**
   * The stored batches from the one that holds `from`, or else the first after it, in order, about `maxBytes` of them (at least one
   * if there is one). The first may begin before `from` and before the earliest offset: skip those records. Throws `DATA_LOSS` where
   * the range is damaged.
   */
  read(stream: number, from: number, maxBytes: number): readonly StoredBatch[];
  /** Like {@link read}, for records that are to be kept or passed on. */
  collect(stream: number, from: number, maxBytes: number): CollectedBatches;
  /** All zero for a stream that is not there. */
  bounds(stream: number): StreamBounds;
  /** The highest number of a stream that has or had batches; 0 where there is none. */
  readonly lastStream: number;
  /** The base offset of the first batch that has a record not older than `time`; the next offset if there is none. */
  offsetAt(stream: number, time: number): number;
  /** Everything below `offset` may be removed; the bounds say so at once. Made durable by a later commit, `maintain` or `close`. */
  truncate(stream: number, offset: number): void;
  /** The stream is gone; its number is never used again. Made durable by a later commit, `maintain` or `close`. */
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

/** Stored batches in memory of their own. */
export interface CollectedBatches {
  readonly batches: readonly StoredBatch[];
  /** The records of all of them, one batch after another. Nobody else uses this memory. */
  readonly bytes: Uint8Array;
}

export interface StreamBounds {
  readonly earliest: number;
  readonly next: number;
  /** What its batches from the earliest offset on take, encoded. */
  readonly bytes: number;
}

export interface StreamPolicy {
  readonly retentionMs?: number | undefined;
  readonly retentionBytes?: number | undefined;
  /**
   * Keep a record only while it is the last of its key; records without a key stay. Tombstones go once nothing older of their key is
   * left and they are older than `tombstoneMs`, so that readers that lag learn of the removal.
   */
  readonly compact?: boolean | undefined;
  /** Milliseconds; default 24 hours. */
  readonly tombstoneMs?: number | undefined;
  /** Overrides `compact`: says for a record whether it is still needed. Must answer `true` when unsure. */
  readonly isLive?: ((record: RecordView) => boolean) | undefined;
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
