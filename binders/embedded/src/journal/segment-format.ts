import { crc32 } from 'node:zlib';

/*
 * A segment file: a header of 64 bytes, then frames, then zeros (space allocated ahead). A frame is what one commit wrote: a header of
 * 40 bytes, then batches, each a header of 48 bytes and the encoded records; zeros fill it up to a multiple of 8. Integers are
 * little-endian. A frame's checksum covers its header. A batch's checksum covers its header and records and starts from the frame's
 * checksum, which is unlike any other's (it has the place, the sequence number and the epoch): what an earlier, torn write left in the
 * same place can so never pass for part of a frame.
 */

/** The newest version of the format, which this code writes. The segment header keeps its size and checksum in all versions. */
export const formatVersion = 1;

export const segmentHeaderBytes = 64;
export const frameHeaderBytes = 40;
export const batchHeaderBytes = 48;

const segmentMagic = Buffer.from('MRSEGMNT', 'latin1');

/** What every frame begins with. */
export const frameMagic = Buffer.from([0x4d, 0x52, 0xf7, 0x01]);
const frameMagicNumber = frameMagic.readUInt32LE();

export interface SegmentHeader {
  readonly version: number;
  /** The same in all files of a journal. */
  readonly journalId: number;
  /** Tells this file from others that had its name before. */
  readonly fileId: number;
  readonly sequence: number;
  /** A cleaned segment replaces all segments from its own sequence to this one. */
  readonly coversTo: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(bytes);
  bytes.writeUInt16LE(header.version, 8);
  bytes.writeUInt16LE(segmentHeaderBytes, 10);
  bytes.writeUInt32LE(header.journalId, 12);
  bytes.writeUInt32LE(header.fileId, 16);
  bytes.writeUInt32LE(header.sequence, 20);
  bytes.writeUInt32LE(header.coversTo, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
}

/** The header, or `undefined` where it is damaged or was never completed. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(segmentMagic)) return undefined;
  if (bytes.readUInt32LE(60) !== crc32(bytes.subarray(0, 60))) return undefined;
  return {
    version: bytes.readUInt16LE(8),
    journalId: bytes.readUInt32LE(12),
    fileId: bytes.readUInt32LE(16),
    sequence: bytes.readUInt32LE(20),
    coversTo: bytes.readUInt32LE(24),
  };
}

export interface FrameHeader {
  /** Of the whole frame, in bytes. */
  readonly length: number;
  readonly batches: number;
  readonly journalId: number;
  readonly segment: number;
  /** In the file. */
  readonly position: number;
  /** A random number of the opening that wrote it. */
  readonly epoch: number;
  /** Grows with every frame of the journal. */
  readonly sequence: number;
}

/** Writes the header and returns its checksum, from which those of the batches start. */
export function encodeFrameHeader(target: Buffer, at: number, frame: FrameHeader): number {
  target.writeUInt32LE(frameMagicNumber, at);
  target.writeUInt32LE(frame.length, at + 8);
  target.writeUInt32LE(frame.batches, at + 12);
  target.writeUInt32LE(frame.journalId, at + 16);
  target.writeUInt32LE(frame.segment, at + 20);
  target.writeUInt32LE(frame.position, at + 24);
  target.writeUInt32LE(frame.epoch, at + 28);
  writeUint53(target, frame.sequence, at + 32);
  const checksum = frameChecksum(target, at);
  target.writeUInt32LE(checksum, at + 4);
  return checksum;
}

/** The checksum that a frame's header should have. */
export function frameChecksum(bytes: Buffer, at: number): number {
  return crc32(bytes.subarray(at + 8, at + frameHeaderBytes));
}

/** The frame header at `at`, or `undefined` if there is no intact one. */
export function decodeFrameHeader(bytes: Buffer, at: number): FrameHeader | undefined {
  if (bytes.length - at < frameHeaderBytes || bytes.readUInt32LE(at) !== frameMagicNumber) return undefined;
  if (bytes.readUInt32LE(at + 4) !== frameChecksum(bytes, at)) return undefined;
  return {
    length: bytes.readUInt32LE(at + 8),
    batches: bytes.readUInt32LE(at + 12),
    journalId: bytes.readUInt32LE(at + 16),
    segment: bytes.readUInt32LE(at + 20),
    position: bytes.readUInt32LE(at + 24),
    epoch: bytes.readUInt32LE(at + 28),
    sequence: readUint53(bytes, at + 32),
  };
}

/** A batch as it lies in a frame. */
export interface BatchHeader {
  readonly stream: number;
  readonly baseOffset: number;
  readonly count: number;
  readonly firstTime: number;
  readonly lastTime: number;
  /** Of the records, in bytes. */
  readonly length: number;
}

/** Writes header and records; `seed` is the frame's checksum. */
export function encodeBatch(target: Buffer, at: number, batch: BatchHeader, bytes: Uint8Array, seed: number): void {
  target.writeUInt32LE(batch.length, at + 4);
  target.writeUInt32LE(batch.stream, at + 8);
  target.writeUInt32LE(batch.count, at + 12);
  writeUint53(target, batch.baseOffset, at + 16);
  writeUint53(target, batch.firstTime, at + 24);
  writeUint53(target, batch.lastTime, at + 32);
  target.fill(0, at + 40, at + batchHeaderBytes);
  target.set(bytes, at + batchHeaderBytes);
  target.writeUInt32LE(batchChecksum(target, at, batch.length, seed), at);
}

function batchChecksum(bytes: Buffer, at: number, length: number, seed: number): number {
  return crc32(bytes.subarray(at + 4, at + batchHeaderBytes + length), seed);
}

/** The header's fields, whether intact or not. */
export function decodeBatchHeader(bytes: Buffer, at: number): BatchHeader {
  return {
    length: bytes.readUInt32LE(at + 4),
    stream: bytes.readUInt32LE(at + 8),
    count: bytes.readUInt32LE(at + 12),
    baseOffset: readUint53(bytes, at + 16),
    firstTime: readUint53(bytes, at + 24),
    lastTime: readUint53(bytes, at + 32),
  };
}

/** Whether the batch at `at` is all there and unaltered. */
export function isBatchIntact(bytes: Buffer, at: number, seed: number): boolean {
  if (bytes.length - at < batchHeaderBytes) return false;
  const length = bytes.readUInt32LE(at + 4);
  if (length > bytes.length - at - batchHeaderBytes) return false;
  return bytes.readUInt32LE(at) === batchChecksum(bytes, at, length, seed);
}

/** Frames begin at multiples of 8, so that they can be found again behind a damaged one. */
export function aligned(size: number): number {
  return Math.ceil(size / 8) * 8;
}

/** The size of a frame with these batches. */
export function frameSize(batches: readonly { readonly bytes: Uint8Array }[]): number {
  let size = frameHeaderBytes;
  for (const { bytes } of batches) size += batchHeaderBytes + bytes.length;
  return aligned(size);
}

const high = 0x1_0000_0000;

function writeUint53(target: Buffer, value: number, at: number): void {
  target.writeUInt32LE(value >>> 0, at);
  target.writeUInt32LE(Math.floor(value / high), at + 4);
}

function readUint53(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * high;
}
