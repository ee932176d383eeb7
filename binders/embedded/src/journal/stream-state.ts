import type { BatchTable } from './batch-table.ts';
import type { StreamBounds, StreamPolicy } from './journal.ts';
import type { Extent } from './segment.ts';

/** Offsets of a stream that cannot be read any more. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

/** One stream of a `SegmentJournal`: its bounds and which segments hold it. */
export class StreamState {
  readonly number: number;
  policy: StreamPolicy = {};
  next = 0;
  /** In order of offsets, which is that of the segments; those given up are left out. */
  readonly extents: Extent[] = [];
  readonly lost: OffsetRange[] = [];
  /** Bytes in sealed segments when the stream was last compacted. */
  compactedBytes = 0;
  /** Where the next compaction begins; beyond the start only if there were too many keys for one. */
  compactFrom = 0;
  #earliest = 0;
  #bytes = 0;
  readonly #tableOf: (extent: Extent) => BatchTable;

  constructor(number: number, tableOf: (extent: Extent) => BatchTable) {
    this.number = number;
    this.#tableOf = tableOf;
  }

  get earliest(): number {
    return this.#earliest;
  }

  get bounds(): StreamBounds {
    return { earliest: this.#earliest, next: this.next, bytes: this.bytes };
  }

  /** Of the batches that are not wholly given up. */
  get bytes(): number {
    this.settle();
    return this.#bytes;
  }

  /** Notes that `bytes` more were written to an extent, which is the last one or new. */
  extend(extent: Extent, bytes: number): void {
    if (this.extents.at(-1) !== extent) this.extents.push(extent);
    this.#bytes += bytes;
    this.next = Math.max(this.next, extent.end);
  }

  truncate(offset: number): void {
    this.#earliest = Math.max(this.#earliest, Math.min(offset, this.next));
    while (this.extents.length > 0 && this.extents[0]!.end <= this.#earliest) this.#giveUp(this.extents.shift()!);
  }

  /** Gives up the batches of the first extent that lie wholly below the earliest offset. Put off until somebody asks for sizes. */
  settle(): void {
    const [first] = this.extents;
    if (first === undefined || first.first >= this.#earliest) return;
    const table = this.#tableOf(first);
    const row = table.find(this.#earliest);
    this.#release(first, table.bytesBetween(first.firstRow, row));
    first.firstRow = Math.max(first.firstRow, row);
  }

  /** Gives up everything. */
  clear(): void {
    for (const extent of this.extents.splice(0)) this.#giveUp(extent);
  }

  /** Puts the extent of a rewritten segment, if it has any of this stream, in place of those that it replaces. */
  replace(old: ReadonlySet<Extent>, extent: Extent | undefined): void {
    const at = this.extents.findIndex((candidate) => old.has(candidate));
    const count = this.extents.filter((candidate) => old.has(candidate)).length;
    if (extent !== undefined) this.#bytes += extent.live;
    if (at < 0) {
      if (extent !== undefined) this.#giveUp(extent);
      return;
    }
    for (const each of this.extents.splice(at, count, ...(extent === undefined ? [] : [extent]))) this.#giveUp(each);
    this.truncate(this.#earliest);
  }

  /** The index of the first extent that ends after `offset`. */
  find(offset: number): number {
    let low = 0;
    let high = this.extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.extents[middle]!.end > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The lost range that holds `offset`, or else the first after it. */
  lostFrom(offset: number): OffsetRange | undefined {
    let first: OffsetRange | undefined;
    for (const range of this.lost) if (range.to > offset && (first === undefined || range.from < first.from)) first = range;
    return first;
  }

  #giveUp(extent: Extent): void {
    this.#release(extent, extent.live);
    extent.firstRow = extent.rows;
  }

  #release(extent: Extent, bytes: number): void {
    extent.live -= bytes;
    extent.segment.live -= bytes;
    this.#bytes -= bytes;
  }
}
