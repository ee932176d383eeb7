import type { BatchPlace, BatchTable } from './batch-table.ts';
import { BatchTable as Table } from './batch-table.ts';
import { controlStream } from './control.ts';
import type { IndexDirectory, LostRange, StreamSummary, TablePlace } from './index-file.ts';

/** What a segment holds of a stream, and how much of that is still needed. */
export interface Extent {
  readonly segment: Segment;
  readonly stream: number;
  first: number;
  end: number;
  rows: number;
  bytes: number;
  lastTime: number;
  /** Bytes not yet given up by truncation. */
  live: number;
  /** The first row that is not wholly given up. */
  firstRow: number;
}

/** A segment file in memory: always what it holds of each stream, and the batches one by one until its index file is written. */
export class Segment {
  readonly sequence: number;
  readonly fileId: number;
  readonly extents = new Map<number, Extent>();
  readonly lost: LostRange[] = [];
  /** Behind the last frame. */
  end = 0;
  lastFrame = 0;
  /** Bytes of records that are still needed. */
  live = 0;
  /** The tables, while they are not in an index file. */
  tables: Map<number, BatchTable> | undefined = new Map();
  places = new Map<number, TablePlace>();
  /** Damage was found in it: it is kept as it is until nothing in it is needed. */
  damaged = false;

  constructor(sequence: number, fileId: number) {
    this.sequence = sequence;
    this.fileId = fileId;
  }

  get name(): string {
    return segmentName(this.sequence);
  }

  get indexName(): string {
    return indexName(this.sequence);
  }

  /** Of all records of streams, needed or not. */
  get bytes(): number {
    let sum = 0;
    for (const extent of this.extents.values()) if (extent.stream !== controlStream) sum += extent.bytes;
    return sum;
  }

  /** Notes a batch that was written to the segment or found in it. */
  add(place: BatchPlace): Extent {
    this.#table(place.stream).add(place);
    const extent = this.#extent(place);
    extent.end = place.baseOffset + place.count;
    extent.rows++;
    extent.bytes += place.length;
    extent.lastTime = Math.max(extent.lastTime, place.lastTime);
    // The journal's own marks keep no segment alive: every new segment begins with all of them.
    const live = place.stream === controlStream ? 0 : place.length;
    extent.live += live;
    this.live += live;
    return extent;
  }

  /** Takes over what an index file says. */
  adopt(index: IndexDirectory & { readonly places: readonly TablePlace[] }): void {
    this.tables = undefined;
    this.end = index.size;
    this.lastFrame = index.lastFrame;
    this.lost.push(...index.lost);
    this.damaged = this.lost.length > 0;
    index.streams.forEach((summary, i) => {
      const live = summary.stream === controlStream ? 0 : summary.bytes;
      this.extents.set(summary.stream, { ...summary, segment: this, live, firstRow: 0 });
      this.places.set(summary.stream, index.places[i]!);
      this.live += live;
    });
  }

  /** The directory of its index file. */
  directory(journalId: number): IndexDirectory {
    const { fileId, sequence, end: size, lastFrame, lost } = this;
    const summaries = [...this.extents.values()].map(({ stream, rows, first, end, bytes, lastTime }): StreamSummary => {
      return { stream, rows, first, end, bytes, lastTime };
    });
    return { journalId, fileId, sequence, size, lastFrame, streams: summaries, lost };
  }

  #table(stream: number): BatchTable {
    const tables = (this.tables ??= new Map());
    let table = tables.get(stream);
    if (table === undefined) tables.set(stream, (table = new Table(stream)));
    return table;
  }

  #extent({ stream, baseOffset }: BatchPlace): Extent {
    let extent = this.extents.get(stream);
    if (extent === undefined) {
      extent = { segment: this, stream, first: baseOffset, end: 0, rows: 0, bytes: 0, lastTime: 0, live: 0, firstRow: 0 };
      this.extents.set(stream, extent);
    }
    return extent;
  }
}

export function segmentName(sequence: number): string {
  return `${String(sequence).padStart(10, '0')}.log`;
}

export function indexName(sequence: number): string {
  return `${String(sequence).padStart(10, '0')}.idx`;
}

/** The sequence number that a segment's file name has, `undefined` for other names. */
export function sequenceOf(name: string): number | undefined {
  const match = /^(\d{10})\.log$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}
