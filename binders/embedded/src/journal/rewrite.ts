import { cutRecords } from '../records/records.ts';
import type { RecordView } from '../records/records.ts';
import type { BatchReader, LocatedBatch } from './batch-reader.ts';
import type { CommitLog } from './commit-log.ts';
import { randomId } from './recovery.ts';
import type { SegmentStore } from './segment-store.ts';
import type { PlacedBatch } from './segment-writer.ts';
import { SegmentWriter } from './segment-writer.ts';
import { Segment } from './segment.ts';
import type { Extent } from './segment.ts';
import type { StreamCatalogue } from './stream-catalogue.ts';

/** Bytes of records copied per step, so that commits do not wait long. */
const stepBytes = 1 << 20;

/** Says for a record of a stream whether it is still needed. */
export interface Judge {
  readonly stream: number;
  readonly isLive: (record: RecordView) => boolean;
}

export interface RewriteContext {
  readonly store: SegmentStore;
  readonly streams: StreamCatalogue;
  readonly log: CommitLog;
  readonly reader: BatchReader;
}

/**
 * Replaces neighbouring sealed segments by one with just what is still needed, a step at a time. The new file is complete and durable
 * under a temporary name before it takes the place of the first of them, in one rename; its header says which others it replaces, so
 * that after a crash in between these are known to be superfluous. At every moment each record is found exactly once.
 */
export class Rewrite {
  readonly #context: RewriteContext;
  readonly #sources: readonly Segment[];
  readonly #judge: Judge | undefined;
  readonly #target: Segment;
  readonly #temporary: string;
  readonly #writer: SegmentWriter;
  readonly #extents: readonly Extent[];
  #extent = 0;
  #row = 0;

  constructor(context: RewriteContext, sources: readonly Segment[], judge: Judge | undefined) {
    const [first, last] = [sources[0]!, sources.at(-1)!];
    const { store, log } = context;
    this.#context = context;
    this.#sources = sources;
    this.#judge = judge;
    this.#target = new Segment(first.sequence, randomId());
    this.#temporary = `${this.#target.name}.tmp`;
    this.#extents = sources.flatMap((segment) => [...segment.extents.values()]);
    this.#writer = SegmentWriter.create(store.disk, this.#temporary, this.#target, store.journalId, stepBytes, last.sequence);
    // Should the newest segment's marks be damaged, these are the next best.
    this.#writer.append([log.checkpoint()], log.identity());
  }

  /** Copies a bounded amount; returns whether there is more. Throws what the disk throws; call {@link abandon} then. */
  step(): boolean {
    const batches = this.#next();
    if (batches.length > 0) {
      const copies = this.#copy(batches);
      if (copies === undefined) {
        this.abandon();
        return false;
      }
      if (copies.length > 0) this.#writer.append(copies, this.#context.log.identity());
      this.#writer.sync();
    }
    if (this.#extent < this.#extents.length) return true;
    this.#finish();
    return false;
  }

  /** Stops without having changed anything. */
  abandon(): void {
    this.#writer.close();
    this.#context.store.disk.remove(this.#temporary);
  }

  /** The batches that come next and are still needed, about as many as a step takes. */
  #next(): readonly LocatedBatch[] {
    const found: LocatedBatch[] = [];
    let size = 0;
    for (; this.#extent < this.#extents.length; this.#extent++, this.#row = 0) {
      const extent = this.#extents[this.#extent]!;
      const state = extent.live > 0 ? this.#context.streams.get(extent.stream) : undefined;
      if (state === undefined) continue;
      const table = this.#context.store.tableOf(extent);
      for (let row = Math.max(this.#row, table.find(state.earliest)); row < table.rows; row++) {
        this.#row = row;
        if (size >= stepBytes) return found;
        const place = table.at(row);
        found.push({ extent, place });
        size += place.length;
      }
    }
    return found;
  }

  /** What to write of these batches; `undefined` if one of them cannot be read, which must stay where it is. */
  #copy(batches: readonly LocatedBatch[]): readonly PlacedBatch[] | undefined {
    const copies: PlacedBatch[] = [];
    const views = this.#context.reader.read(batches);
    for (const [i, { extent, place }] of batches.entries()) {
      const bytes = views[i];
      if (bytes === undefined) {
        const { stream, position, baseOffset, count } = place;
        this.#context.streams.lose(
          extent.segment,
          { stream, position, from: baseOffset, to: baseOffset + count },
          'a batch was altered',
        );
        return undefined;
      }
      const kept = this.#cut({ ...place, bytes });
      if (kept.length > 0) copies.push({ ...place, bytes: kept });
    }
    return copies;
  }

  #cut(batch: PlacedBatch): Uint8Array {
    return this.#judge?.stream === batch.stream ? cutRecords(batch, this.#judge.isLive).bytes : batch.bytes;
  }

  #finish(): void {
    const { store } = this.#context;
    this.#writer.trim();
    this.#writer.sync();
    this.#writer.close();
    // What was truncated since the start was left out too; without its mark it would seem to be missing after a crash.
    this.#context.log.forget(this.#sources.slice(1));
    for (const { name } of this.#sources) store.release(name);
    store.disk.rename(this.#temporary, this.#target.name);
    store.disk.syncDirectory();
    this.#replaceExtents();
    store.segments.splice(store.segments.indexOf(this.#sources[0]!), 1, this.#target);
    for (const segment of this.#sources.slice(1)) store.remove(segment);
    store.disk.syncDirectory();
  }

  #replaceExtents(): void {
    const old = new Set(this.#extents);
    const streams = new Set(this.#extents.map((extent) => extent.stream));
    for (const stream of streams) {
      const extent = this.#target.extents.get(stream);
      const state = this.#context.streams.get(stream);
      if (state !== undefined) state.replace(old, extent);
      else if (extent !== undefined) this.#target.live -= extent.live;
    }
  }
}
