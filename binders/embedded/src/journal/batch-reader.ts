import { Buffer } from 'node:buffer';
import type { BatchPlace } from './batch-table.ts';
import { batchHeaderBytes, decodeBatchHeader, isBatchIntact } from './segment-format.ts';
import type { SegmentStore } from './segment-store.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { Extent, Segment } from './segment.ts';

/** Batches nearer to each other than this are read in one go. */
const nearBytes = 1 << 14;
/** The buffer kept between reads; larger reads get one of their own. */
const keptBytes = 1 << 21;

/** A batch to be read, with where it is. */
export interface LocatedBatch {
  readonly extent: Extent;
  readonly place: BatchPlace;
}

/** A stretch of a segment that holds the batches from `from` up to, not including, `to` of the list. */
interface Run {
  readonly segment: Segment;
  readonly position: number;
  end: number;
  readonly from: number;
  to: number;
}

/** Reads batches from the files, in as few calls as it can, and checks each of them. */
export class BatchReader {
  readonly #store: SegmentStore;
  readonly #writer: () => SegmentWriter;
  #buffer = Buffer.alloc(0);

  constructor(store: SegmentStore, writer: () => SegmentWriter) {
    this.#store = store;
    this.#writer = writer;
  }

  /** The records of each batch, views valid until the next call; `undefined` for one that is not intact. */
  read(batches: readonly LocatedBatch[]): readonly (Buffer | undefined)[] {
    const views: (Buffer | undefined)[] = [];
    const runs = this.#plan(batches, views);
    let buffer = this.#bufferFor(runs.reduce((sum, run) => sum + run.end - run.position, 0));
    for (const run of runs) {
      const size = run.end - run.position;
      const filled = this.#store.file(run.segment.name).read(buffer.subarray(0, size), run.position);
      for (let i = run.from; i < run.to; i++) views[i] ??= viewOf(buffer.subarray(0, filled), run.position, batches[i]!.place);
      buffer = buffer.subarray(size);
    }
    return views;
  }

  /** Serves from memory what is there and groups the rest. */
  #plan(batches: readonly LocatedBatch[], views: (Buffer | undefined)[]): readonly Run[] {
    const runs: Run[] = [];
    batches.forEach(({ extent: { segment }, place }, i) => {
      const end = place.position + batchHeaderBytes + place.length;
      views.push(this.#inMemory(segment, place));
      if (views[i] !== undefined) return;
      const run = runs.at(-1);
      const near =
        run !== undefined && run.segment === segment && place.position >= run.end && place.position - run.end < nearBytes;
      if (near) Object.assign(run, { end, to: i + 1 });
      else runs.push({ segment, position: place.position, end, from: i, to: i + 1 });
    });
    return runs;
  }

  #inMemory(segment: Segment, place: BatchPlace): Buffer | undefined {
    const writer = this.#writer();
    return segment === writer.segment ? writer.view(place.position + batchHeaderBytes, place.length) : undefined;
  }

  #bufferFor(size: number): Buffer {
    if (size > keptBytes) return Buffer.allocUnsafe(size);
    if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(Math.min(keptBytes, Math.max(size, 2 * this.#buffer.length)));
    return this.#buffer;
  }
}

function viewOf(bytes: Buffer, start: number, place: BatchPlace): Buffer | undefined {
  const at = place.position - start;
  if (!isBatchIntact(bytes, at, place.seed)) return undefined;
  const header = decodeBatchHeader(bytes, at);
  if (header.stream !== place.stream || header.baseOffset !== place.baseOffset || header.length !== place.length) return undefined;
  return bytes.subarray(at + batchHeaderBytes, at + batchHeaderBytes + place.length);
}
