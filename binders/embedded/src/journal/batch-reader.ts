import { Buffer } from 'node:buffer';
import { copyOf } from '../bytes.ts';
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
    let buffer = this.#bufferFor(sizeOf(runs));
    for (const run of runs) {
      this.#fill(run, buffer, batches, views);
      buffer = buffer.subarray(run.end - run.position);
    }
    return views;
  }

  /** The same one after another in memory of their own, up to the first batch that is not intact. */
  collect(batches: readonly LocatedBatch[]): { readonly views: readonly (Buffer | undefined)[]; readonly bytes: Uint8Array } {
    const views: (Buffer | undefined)[] = [];
    const runs = this.#plan(batches, views);
    const inMemory = views.reduce((sum, view) => sum + (view?.length ?? 0), 0);
    const buffer = Buffer.allocUnsafeSlow(inMemory + sizeOf(runs));
    let at = 0;
    for (let i = 0, next = 0; i < batches.length; i++) {
      // Read where its first batch belongs, then each batch is moved over what lies between it and the one before.
      if (runs[next]?.from === i) this.#fill(runs[next++]!, buffer.subarray(at), batches, views);
      const view = views[i];
      if (view === undefined) break;
      buffer.set(view, at);
      views[i] = buffer.subarray(at, at + view.length);
      at += view.length;
    }
    const bytes = buffer.subarray(0, at);
    // Whoever keeps them should not keep the batches of other streams that lay between.
    return { views, bytes: buffer.length > 2 * at ? copyOf(bytes) : bytes };
  }

  /** Reads a run to the front of `target`. */
  #fill(run: Run, target: Buffer, batches: readonly LocatedBatch[], views: (Buffer | undefined)[]): void {
    const filled = this.#store.file(run.segment.name).read(target.subarray(0, run.end - run.position), run.position);
    for (let i = run.from; i < run.to; i++) views[i] = viewOf(target.subarray(0, filled), run.position, batches[i]!.place);
  }

  /** Serves from memory what is there and groups the rest. */
  #plan(batches: readonly LocatedBatch[], views: (Buffer | undefined)[]): readonly Run[] {
    const runs: Run[] = [];
    batches.forEach(({ extent: { segment }, place }, i) => {
      const end = place.position + batchHeaderBytes + place.length;
      views.push(this.#inMemory(segment, place));
      if (views[i] !== undefined) return;
      const run = runs.at(-1);
      const near = run?.to === i && run.segment === segment && place.position >= run.end && place.position - run.end < nearBytes;
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

function sizeOf(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.end - run.position, 0);
}

function viewOf(bytes: Buffer, start: number, place: BatchPlace): Buffer | undefined {
  const at = place.position - start;
  if (!isBatchIntact(bytes, at, place.seed)) return undefined;
  const header = decodeBatchHeader(bytes, at);
  if (header.stream !== place.stream || header.baseOffset !== place.baseOffset || header.length !== place.length) return undefined;
  return bytes.subarray(at + batchHeaderBytes, at + batchHeaderBytes + place.length);
}
