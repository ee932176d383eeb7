import { MillraceError } from '@millrace/core';
import { raise } from '../errors.ts';
import { checkBatch, checkStream } from './batch-check.ts';
import { BatchReader } from './batch-reader.ts';
import type { LocatedBatch } from './batch-reader.ts';
import { CommitLog } from './commit-log.ts';
import type { Disk } from './disk.ts';
import { errorCodeOf, isDiskFull } from './disk.ts';
import type {
  BatchInput,
  CollectedBatches,
  Damage,
  Journal,
  JournalOptions,
  JournalStats,
  StoredBatch,
  StreamBounds,
  StreamPolicy,
} from './journal.ts';
import { Maintenance } from './maintenance.ts';
import { NodeDisk } from './node-disk.ts';
import { Recovery } from './recovery.ts';
import { SegmentStore } from './segment-store.ts';
import { StreamCatalogue } from './stream-catalogue.ts';
import type { StreamState } from './stream-state.ts';

/** Settings of a {@link SegmentJournal} beyond those of every journal. */
export interface SegmentJournalOptions extends JournalOptions {
  /** Memory for the newest bytes of the log, which are read without touching the disk (default 4 MiB). */
  readonly cacheBytes?: number | undefined;
  /** Memory for the positions of batches in older segments, 40 bytes each (default 32 MiB). */
  readonly indexBytes?: number | undefined;
}

const mebibyte = 1 << 20;
const largestCommit = 256 * mebibyte;

/**
 * The durable journal: a shared commit log in segment files. `commit` returns once its frame is on stable storage; one write and one
 * flush, however many batches. Memory is bounded by the options plus 40 bytes per batch of the segment being written and about 150
 * bytes per stream and segment. Opening reads the last segment and, of the others, only the heads of their index files.
 */
export class SegmentJournal implements Journal {
  readonly #disk: Disk;
  readonly #store: SegmentStore;
  readonly #streams: StreamCatalogue;
  readonly #log: CommitLog;
  readonly #reader: BatchReader;
  readonly #maintenance: Maintenance;
  #fenced: MillraceError | undefined;
  #closed = false;
  #commits = 0;

  /**
   * Opens the journal on a disk that is this process's alone, or creates it there. Throws `formatTooNew` for files of a newer version,
   * `journalUnreadable` where nothing can be made out, `diskFull`, or `diskFailed`.
   */
  constructor(disk: Disk, options: SegmentJournalOptions) {
    this.#disk = disk;
    const segmentBytes = options.segmentBytes ?? 64 * mebibyte;
    try {
      const files = new Recovery(disk).run();
      this.#store = new SegmentStore(disk, files.journalId, options.indexBytes ?? 32 * mebibyte);
      this.#streams = new StreamCatalogue((extent) => this.#store.tableOf(extent));
      this.#log = new CommitLog(this.#store, this.#streams, files, {
        segmentBytes,
        windowBytes: options.cacheBytes ?? 4 * mebibyte,
      });
    } catch (error) {
      throw this.#openError(error);
    }
    this.#reader = new BatchReader(this.#store, () => this.#log.writer);
    const context = { store: this.#store, streams: this.#streams, log: this.#log, reader: this.#reader };
    this.#maintenance = new Maintenance(context, { segmentBytes, clock: options.clock });
  }

  get damage(): readonly Damage[] {
    return this.#streams.damage;
  }

  get fenced(): MillraceError | undefined {
    return this.#fenced;
  }

  commit(batches: readonly BatchInput[]): readonly number[] {
    this.#checkOpen();
    if (this.#fenced !== undefined) throw this.#fenced;
    this.#check(batches);
    const offsets = this.#guard(() => this.#log.commit(batches));
    this.#commits++;
    return offsets;
  }

  read(stream: number, from: number, maxBytes: number): readonly StoredBatch[] {
    const batches = this.#locate(stream, from, maxBytes);
    return this.#intact(
      stream,
      batches,
      this.#reading(() => this.#reader.read(batches)),
    );
  }

  collect(stream: number, from: number, maxBytes: number): CollectedBatches {
    const batches = this.#locate(stream, from, maxBytes);
    const { views, bytes } = this.#reading(() => this.#reader.collect(batches));
    return { batches: this.#intact(stream, batches, views), bytes };
  }

  bounds(stream: number): StreamBounds {
    return this.#streams.get(stream)?.bounds ?? { earliest: 0, next: 0, bytes: 0 };
  }

  get lastStream(): number {
    return this.#streams.last;
  }

  offsetAt(stream: number, time: number): number {
    this.#checkOpen();
    const state = this.#streams.get(stream);
    if (state === undefined) return 0;
    state.settle();
    for (const extent of state.extents) {
      if (extent.lastTime < time) continue;
      const table = this.#store.tableOf(extent);
      const row = table.findTime(time, extent.firstRow);
      if (row < table.rows) return Math.max(table.at(row).baseOffset, state.earliest);
    }
    return state.next;
  }

  truncate(stream: number, offset: number): void {
    this.#checkOpen();
    this.#streams.truncate(stream, offset);
  }

  drop(stream: number): void {
    this.#checkOpen();
    checkStream(stream);
    this.#streams.drop(stream);
  }

  setPolicy(stream: number, policy: StreamPolicy): void {
    this.#checkOpen();
    checkStream(stream);
    if (!this.#streams.isDropped(stream)) this.#streams.ensure(stream).policy = policy;
  }

  maintain(): boolean {
    this.#checkOpen();
    if (this.#fenced !== undefined) return false;
    try {
      return this.#maintenance.step();
    } catch (error) {
      // There is nothing to be done without space; the work is tried again with the next call.
      if (isDiskFull(error)) return false;
      throw this.#fence(error);
    }
  }

  stats(): JournalStats {
    const { segments } = this.#store;
    const bytes = segments.reduce((sum, segment) => sum + segment.end, 0);
    return { segments: segments.length, bytes, commits: this.#commits, flushes: this.#log.flushes };
  }

  close(): void {
    if (this.#closed) return;
    try {
      if (this.#fenced === undefined) this.#guard(() => this.#log.flushMarks());
    } finally {
      this.#closed = true;
      this.#maintenance.close();
      this.#log.close();
      this.#store.close();
      this.#disk.close();
    }
  }

  #check(batches: readonly BatchInput[]): void {
    let size = 0;
    for (const batch of batches) {
      checkBatch(batch);
      if (this.#streams.isDropped(batch.stream)) throw raise('STREAM_DROPPED', { stream: batch.stream });
      size += batch.bytes.length;
    }
    if (size > largestCommit) throw raise('COMMIT_TOO_LARGE', { size, limit: largestCommit });
  }

  /** Where the batches lie that a read gives. */
  #locate(stream: number, from: number, maxBytes: number): readonly LocatedBatch[] {
    this.#checkOpen();
    const state = this.#streams.get(stream);
    if (state === undefined) return [];
    const start = Math.max(from, state.earliest);
    const lost = state.lostFrom(start);
    if (lost !== undefined && lost.from <= start) throw raise('OFFSETS_LOST', { what: `stream ${stream}`, ...lost });
    return locate(state, start, lost?.from ?? state.next, maxBytes, this.#store);
  }

  /** The batches up to the first that is not intact, which is lost from now on. */
  #intact(stream: number, batches: readonly LocatedBatch[], views: readonly (Uint8Array | undefined)[]): readonly StoredBatch[] {
    const found: StoredBatch[] = [];
    for (const [i, { extent, place }] of batches.entries()) {
      const bytes = views[i];
      if (bytes === undefined) {
        const { baseOffset: from, position } = place;
        const lost = { stream, position, from, to: from + place.count };
        this.#streams.lose(extent.segment, lost, 'a batch was altered');
        if (found.length === 0) throw raise('OFFSETS_LOST', { what: `stream ${stream}`, from, to: lost.to });
        break;
      }
      const { baseOffset, count, firstTime, lastTime } = place;
      found.push({ stream, baseOffset, count, firstTime, lastTime, bytes });
    }
    return found;
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (errorCodeOf(error) === undefined) throw error;
      throw raise('READ_FAILED', { directory: this.#disk.directory, why: errorCodeOf(error) }, error);
    }
  }

  /** Runs something that writes. A full disk is the caller's to wait for; any other failure fences the journal. */
  #guard<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      if (isDiskFull(error)) throw raise('JOURNAL_DISK_FULL', { directory: this.#disk.directory }, error);
      throw this.#fence(error);
    }
  }

  #fence(error: unknown): Error {
    const code = errorCodeOf(error);
    // Not the disk's fault: an error of this program.
    if (code === undefined || error instanceof MillraceError) return error as Error;
    const details = { directory: this.#disk.directory, why: code };
    this.#fenced ??= raise('JOURNAL_FENCED', details, error);
    return raise('COMMIT_UNKNOWN', details, error);
  }

  #openError(error: unknown): unknown {
    const code = errorCodeOf(error);
    this.#disk.close();
    if (code === undefined || error instanceof MillraceError) return error;
    const details = { directory: this.#disk.directory, why: code };
    return isDiskFull(error) ? raise('JOURNAL_DISK_FULL', details, error) : raise('DISK_FAILED', details, error);
  }

  #checkOpen(): void {
    if (this.#closed) throw raise('JOURNAL_CLOSED', {});
  }
}

/** Opens or creates the journal in a directory, which this process then holds alone; see {@link SegmentJournal} and `NodeDisk`. */
export function openJournal(directory: string, options: SegmentJournalOptions): SegmentJournal {
  return new SegmentJournal(new NodeDisk(directory), options);
}

/** The batches from `from` up to `limit`, about `maxBytes` of them. */
function locate(state: StreamState, from: number, limit: number, maxBytes: number, store: SegmentStore): readonly LocatedBatch[] {
  const located: LocatedBatch[] = [];
  let size = 0;
  for (let i = state.find(from); i < state.extents.length; i++) {
    const extent = state.extents[i]!;
    const table = store.tableOf(extent);
    for (let row = table.find(from); row < table.rows; row++) {
      const place = table.at(row);
      if (place.baseOffset >= limit || (located.length > 0 && size + place.length > maxBytes)) return located;
      located.push({ extent, place });
      size += place.length;
    }
  }
  return located;
}
