import type { Buffer } from 'node:buffer';
import { BatchTable } from './batch-table.ts';
import type { Disk, DiskFile } from './disk.ts';
import { readTable, writeIndex } from './index-file.ts';
import { LeastRecent } from './least-recent.ts';
import { scanSegment } from './scan-collector.ts';
import type { Extent, Segment } from './segment.ts';

const openFiles = 32;

/** The files of all segments: keeps the ones in use open and the tables in use in memory, both bounded. */
export class SegmentStore {
  readonly disk: Disk;
  readonly journalId: number;
  /** In order of their sequence; the last one is being written. */
  readonly segments: Segment[] = [];
  /** Those that should be there and are not; they stay known for as long as anything older is there, or a stream lacks what they held. */
  readonly missing: Segment[] = [];
  readonly #files: LeastRecent<string, DiskFile>;
  readonly #tables: LeastRecent<Extent, BatchTable>;

  /** `tableBytes` bounds the tables of sealed segments kept in memory. */
  constructor(disk: Disk, journalId: number, tableBytes: number) {
    this.disk = disk;
    this.journalId = journalId;
    this.#files = new LeastRecent(openFiles, (file) => file.close());
    this.#tables = new LeastRecent(tableBytes);
  }

  file(name: string): DiskFile {
    const open = this.#files.get(name);
    if (open !== undefined) return open;
    const file = this.disk.open(name);
    this.#files.set(name, file, 1);
    return file;
  }

  /** Closes a file that is about to be replaced or removed. */
  release(name: string): void {
    this.#files.delete(name);
  }

  tableOf(extent: Extent): BatchTable {
    const { segment, stream } = extent;
    const known = segment.tables?.get(stream) ?? this.#tables.get(extent);
    if (known !== undefined) return known;
    const bytes = this.#readTable(segment, stream);
    if (bytes === undefined) return this.#rebuild(segment).get(stream) ?? new BatchTable(stream);
    const table = BatchTable.decode(stream, bytes);
    this.#tables.set(extent, table, table.size);
    return table;
  }

  /** Writes the index file of a segment that is written no more, and lets its tables go: they are read back when needed. */
  writeIndex(segment: Segment): void {
    const { tables } = segment;
    if (tables === undefined) return;
    this.release(segment.indexName);
    const listed = [...segment.extents.keys()].map((stream) => tables.get(stream) ?? new BatchTable(stream));
    const places = writeIndex(this.disk, segment.indexName, segment.directory(this.journalId), listed);
    segment.places = new Map(listed.map((table, i) => [table.stream, places[i]!]));
    segment.tables = undefined;
  }

  /** Removes a segment's file, not durably. The segment goes first: an index file alone means nothing. */
  remove(segment: Segment): void {
    this.release(segment.name);
    this.release(segment.indexName);
    this.disk.remove(segment.name);
    if (this.disk.list().includes(segment.indexName)) this.disk.remove(segment.indexName);
    this.segments.splice(this.segments.indexOf(segment), 1);
  }

  close(): void {
    this.#files.clear();
    this.#tables.clear();
  }

  #readTable(segment: Segment, stream: number): Buffer | undefined {
    const place = segment.places.get(stream);
    return place === undefined ? undefined : readTable(this.file(segment.indexName), place);
  }

  /** Reads the tables from the segment itself, because its index file is not intact. */
  #rebuild(segment: Segment): Map<number, BatchTable> {
    const { sequence, fileId } = segment;
    const scanned = scanSegment(this.file(segment.name), { sequence, fileId, journalId: this.journalId }, true);
    segment.tables = scanned.segment.tables ?? new Map<number, BatchTable>();
    return segment.tables;
  }
}
