import { Buffer } from 'node:buffer';
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import { ByteReader } from '../records/byte-reader.ts';
import { ByteWriter } from '../records/byte-writer.ts';
import type { BatchTable } from './batch-table.ts';
import { tableRowBytes } from './batch-table.ts';
import type { Disk, DiskFile } from './disk.ts';
import { writeFully } from './disk.ts';

/*
 * The sidecar of a segment that is written no more: what the segment holds of each stream, and each stream's batches. It only saves
 * time: one that is missing, damaged or about another file is built again from the segment.
 * Magic · version · length and checksum of the directory · directory · tables, each with a checksum in the directory.
 */
// Tables are in the machine's byte order; a file from a machine with the other one is built again.
const magic = Buffer.from(`MRINDEX${endianness() === 'LE' ? '\u0001' : '\u0002'}`, 'latin1');
const headerBytes = 16;

/** What a segment holds of one stream. */
export interface StreamSummary {
  readonly stream: number;
  readonly rows: number;
  readonly first: number;
  readonly end: number;
  /** Of the records. */
  readonly bytes: number;
  readonly lastTime: number;
}

/** A stretch of a stream that was found broken when the segment was scanned. */
export interface LostRange {
  /** Absent where it is not known. */
  readonly stream: number | undefined;
  readonly position: number;
  readonly from: number;
  readonly to: number;
}

export interface IndexDirectory {
  readonly journalId: number;
  readonly fileId: number;
  readonly sequence: number;
  /** Of the segment file. */
  readonly size: number;
  /** Of the segment's last frame. */
  readonly lastFrame: number;
  readonly streams: readonly StreamSummary[];
  readonly lost: readonly LostRange[];
}

/** A stream's table in an index file. */
export interface TablePlace {
  readonly position: number;
  readonly length: number;
  readonly checksum: number;
}

/** Writes the file, durable but for the directory entry, with one table per stream in their order; returns where those are. */
export function writeIndex(
  disk: Disk,
  name: string,
  directory: IndexDirectory,
  tables: readonly BatchTable[],
): readonly TablePlace[] {
  const temporary = `${name}.tmp`;
  const encoded = tables.map((table) => table.encode());
  const head = encodeDirectory(directory, encoded);
  const file = disk.create(temporary);
  try {
    writeFully(file, Buffer.concat([head, ...encoded]), 0);
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, name);
  return placesOf(encoded, head.length);
}

function placesOf(tables: readonly Uint8Array[], start: number): readonly TablePlace[] {
  let position = start;
  return tables.map((table) => {
    const place = { position, length: table.length, checksum: crc32(table) };
    position += table.length;
    return place;
  });
}

function encodeDirectory(directory: IndexDirectory, tables: readonly Uint8Array[]): Buffer {
  const out = new ByteWriter(256);
  out.raw(Buffer.alloc(headerBytes));
  for (const value of [directory.journalId, directory.fileId, directory.sequence, directory.size, directory.lastFrame])
    out.varint(value);
  out.varint(directory.streams.length);
  directory.streams.forEach((summary, i) => {
    const rows = tables[i]!.length / tableRowBytes;
    for (const value of [summary.stream, rows, summary.first, summary.end, summary.bytes, summary.lastTime]) out.varint(value);
    out.varint(crc32(tables[i]!));
  });
  out.varint(directory.lost.length);
  for (const { stream, position, from, to } of directory.lost)
    for (const value of [stream ?? 0, position, from, to]) out.varint(value);
  const bytes = out.bytes.subarray(0, out.position);
  magic.copy(bytes);
  bytes.writeUInt32LE(bytes.length - headerBytes, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(headerBytes)), 12);
  return bytes;
}

/** The directory with the place of each table in the file, or `undefined` where the file is not intact. */
export function readIndex(file: DiskFile): (IndexDirectory & { readonly places: readonly TablePlace[] }) | undefined {
  const header = readExactly(file, 0, headerBytes);
  if (header === undefined || !header.subarray(0, 8).equals(magic)) return undefined;
  const length = header.readUInt32LE(8);
  if (headerBytes + length > file.size()) return undefined;
  const bytes = readExactly(file, headerBytes, length);
  if (bytes === undefined || crc32(bytes) !== header.readUInt32LE(12)) return undefined;
  return decodeDirectory(new ByteReader(bytes), headerBytes + length);
}

function decodeDirectory(input: ByteReader, tablesAt: number): IndexDirectory & { readonly places: readonly TablePlace[] } {
  const number = () => input.varint();
  const [journalId, fileId, sequence, size, lastFrame] = [number(), number(), number(), number(), number()];
  const streams: StreamSummary[] = [];
  const places: TablePlace[] = [];
  let position = tablesAt;
  for (let left = number(); left > 0; left--) {
    const summary = { stream: number(), rows: number(), first: number(), end: number(), bytes: number(), lastTime: number() };
    const place = { position, length: summary.rows * tableRowBytes, checksum: number() };
    streams.push(summary);
    places.push(place);
    position += place.length;
  }
  const lost: LostRange[] = [];
  for (let left = number(); left > 0; left--) {
    lost.push({ stream: number() || undefined, position: number(), from: number(), to: number() });
  }
  return { journalId, fileId, sequence, size, lastFrame, streams, lost, places };
}

/** The bytes of a table, or `undefined` where they are not intact. */
export function readTable(file: DiskFile, place: TablePlace): Buffer | undefined {
  const bytes = readExactly(file, place.position, place.length);
  return bytes !== undefined && crc32(bytes) === place.checksum ? bytes : undefined;
}

function readExactly(file: DiskFile, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length);
  return file.read(bytes, position) === length ? bytes : undefined;
}
