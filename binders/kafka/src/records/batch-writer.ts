import type { CompressionAlgorithmValue } from '@platformatic/kafka';
import type { Library } from '../client/library.ts';
import { varintSize, writeVarint } from './varint.ts';

/** A header as it lies in a record. */
export type WireHeader = readonly [name: Buffer, value: Buffer | null];

/** A message as it is written. */
export interface WireRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly WireHeader[];
  readonly timestamp: number;
  /** Bytes of the record, about: without its deltas. */
  readonly size: number;
}

/** Who writes a batch, so that the broker stores it once however often it arrives. */
export interface BatchIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
  /** The number of the first record, in its partition, of this producer. */
  readonly sequence: number;
  readonly transactional: boolean;
}

/** Bytes of a batch before its records. */
const headSize = 61;
const transactionalBit = 0x10;
/** The batch's base offset, length and leader's epoch come before what the checksum covers. */
const checksumAt = 17;
const attributesAt = 21;

export function sizedRecord(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly WireHeader[],
  timestamp: number,
): WireRecord {
  let size = 1 + bytesSize(key) + bytesSize(value) + varintSize(headers.length);
  for (const [name, content] of headers) size += bytesSize(name) + bytesSize(content);
  return { key, value, headers, timestamp, size };
}

/** Encodes records as one batch of format 2. */
export function writeBatch(
  library: Library,
  records: readonly WireRecord[],
  identity: BatchIdentity,
  compression: CompressionAlgorithmValue,
): Buffer {
  const firstTimestamp = records[0]!.timestamp;
  const body = writeRecords(records, firstTimestamp);
  const { compressSync, bitmask } = library.compressionsAlgorithms[compression];
  const content = bitmask === 0 ? body.subarray(headSize) : compressSync(body.subarray(headSize));
  const batch = bitmask === 0 ? body : Buffer.concat([body.subarray(0, headSize), content]);
  writeHead(batch, records, firstTimestamp, identity, bitmask);
  batch.writeUInt32BE(library.crc32c(batch.subarray(attributesAt)), checksumAt);
  return batch;
}

function writeHead(
  batch: Buffer,
  records: readonly WireRecord[],
  firstTimestamp: number,
  { producerId, epoch, sequence, transactional }: BatchIdentity,
  bitmask: number,
): void {
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(bitmask | (transactional ? transactionalBit : 0), attributesAt);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(firstTimestamp), 27);
  batch.writeBigInt64BE(BigInt(records.reduce((max, { timestamp }) => Math.max(max, timestamp), firstTimestamp)), 35);
  batch.writeBigInt64BE(producerId, 43);
  batch.writeInt16BE(epoch, 51);
  batch.writeInt32BE(sequence, 53);
  batch.writeInt32BE(records.length, 57);
}

/** The records behind room for the head. */
function writeRecords(records: readonly WireRecord[], firstTimestamp: number): Buffer {
  let size = headSize;
  const lengths = records.map((record, index) => {
    const length = record.size + varintSize(record.timestamp - firstTimestamp) + varintSize(index);
    size += varintSize(length) + length;
    return length;
  });
  const bytes = Buffer.allocUnsafe(size);
  let at = headSize;
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    at = writeVarint(bytes, at, lengths[index]!);
    bytes[at++] = 0;
    at = writeVarint(bytes, at, record.timestamp - firstTimestamp);
    at = writeVarint(bytes, at, index);
    at = writeBytes(bytes, writeBytesLength(bytes, at, record.key), record.key);
    at = writeBytes(bytes, writeBytesLength(bytes, at, record.value), record.value);
    at = writeVarint(bytes, at, record.headers.length);
    for (const [name, content] of record.headers) {
      at = writeBytes(bytes, writeBytesLength(bytes, at, name), name);
      at = writeBytes(bytes, writeBytesLength(bytes, at, content), content);
    }
  }
  return bytes;
}

function bytesSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function writeBytesLength(target: Buffer, at: number, bytes: Uint8Array | null): number {
  return writeVarint(target, at, bytes === null ? -1 : bytes.length);
}

function writeBytes(target: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return at;
  target.set(bytes, at);
  return at + bytes.length;
}
