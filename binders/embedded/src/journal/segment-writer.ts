import { Buffer } from 'node:buffer';
import type { BatchPlace } from './batch-table.ts';
import type { Disk, DiskFile } from './disk.ts';
import { isDiskFull, writeFully } from './disk.ts';
import {
  batchHeaderBytes,
  encodeBatch,
  encodeFrameHeader,
  encodeSegmentHeader,
  formatVersion,
  frameHeaderBytes,
  frameSize,
  segmentHeaderBytes,
} from './segment-format.ts';
import type { BatchHeader } from './segment-format.ts';
import type { Segment } from './segment.ts';
import { TailWindow } from './tail-window.ts';

/** Space is allocated ahead in chunks that double with the file, so that a small journal stays small. */
const smallestChunk = 1 << 14;
const largestChunk = 1 << 22;
const zeros = Buffer.alloc(1 << 18);

/** A batch with its place in its stream. */
export interface PlacedBatch extends Omit<BatchHeader, 'length'> {
  readonly bytes: Uint8Array;
}

export interface FrameIdentity {
  readonly journalId: number;
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * Appends frames to a segment file. Space is filled with zeros ahead of the frames: overwriting allocated space flushes up to twice as
 * fast as growing the file, and a full disk shows before any of a frame is written.
 */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #file: DiskFile;
  readonly #window: TailWindow;
  #allocated: number;

  /** Continues a file behind its last frame; all behind that must be zeros. */
  constructor(segment: Segment, file: DiskFile, windowBytes: number) {
    this.segment = segment;
    this.#file = file;
    this.#allocated = file.size();
    this.#window = new TailWindow(segment.end, windowBytes);
  }

  /** Creates the file with its header, not yet durable. */
  static create(
    disk: Disk,
    name: string,
    segment: Segment,
    journalId: number,
    windowBytes: number,
    coversTo: number = segment.sequence,
  ): SegmentWriter {
    const file = disk.create(name);
    try {
      const { fileId, sequence } = segment;
      writeFully(file, encodeSegmentHeader({ version: formatVersion, journalId, fileId, sequence, coversTo }), 0);
      segment.end = segmentHeaderBytes;
      return new SegmentWriter(segment, file, windowBytes);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes allocated ahead. */
  get ahead(): number {
    return this.#allocated - this.segment.end;
  }

  /**
   * Writes a frame; it is durable after {@link sync}. `spare` is left allocated behind it. When the disk is full nothing was
   * appended; after any other failure it is unknown what the file holds.
   */
  append(batches: readonly PlacedBatch[], identity: FrameIdentity, spare = 0): void {
    const size = frameSize(batches);
    const position = this.segment.end;
    this.#allocate(position + size, spare);
    const image = this.#window.reserve(size);
    const places = layOut(image, batches, { ...identity, segment: this.segment.sequence, position });
    this.#write(image, position);
    this.#window.keep(size);
    this.segment.end = position + size;
    this.segment.lastFrame = identity.sequence;
    for (const place of places) this.segment.add(place);
  }

  sync(): void {
    this.#file.sync();
  }

  /** Allocates the next chunk before it is needed, as far as there is space. */
  prepare(limit: number): void {
    const target = Math.min(limit, this.#allocated + this.#chunk());
    if (target > this.#allocated) this.#fill(target);
    this.sync();
  }

  /** A view of these bytes of the file if they are in memory. */
  view(position: number, size: number): Buffer | undefined {
    return this.#window.view(position, size);
  }

  /** Gives the space behind the last frame back. */
  trim(): void {
    this.#file.truncate(this.segment.end);
    this.#allocated = this.segment.end;
  }

  close(): void {
    this.#file.close();
  }

  #allocate(end: number, spare: number): void {
    if (end + spare <= this.#allocated) return;
    this.#fill(Math.max(end + spare, this.#allocated + this.#chunk()));
    if (end + spare > this.#allocated) throw new DiskFull();
  }

  #chunk(): number {
    return Math.min(Math.max(this.#allocated, smallestChunk), largestChunk);
  }

  /** Stops where the disk is full. */
  #fill(target: number): void {
    try {
      while (this.#allocated < target)
        this.#allocated += this.#file.write(zeros.subarray(0, Math.min(zeros.length, target - this.#allocated)), this.#allocated);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }

  #write(image: Buffer, position: number): void {
    try {
      writeFully(this.#file, image, position);
    } catch (error) {
      // Only file systems that copy on write run full here. The frame must never be found: its header goes, durably.
      if (isDiskFull(error)) this.#erase(position);
      throw error;
    }
  }

  #erase(position: number): void {
    writeFully(this.#file, zeros.subarray(0, frameHeaderBytes), position);
    this.#file.sync();
  }
}

/** No space for the next frame. */
class DiskFull extends Error {
  override readonly name = 'DiskFull';
  readonly code = 'ENOSPC';
}

function layOut(
  image: Buffer,
  batches: readonly PlacedBatch[],
  at: FrameIdentity & { segment: number; position: number },
): BatchPlace[] {
  const seed = encodeFrameHeader(image, 0, { ...at, length: image.length, batches: batches.length });
  const places: BatchPlace[] = [];
  let offset = frameHeaderBytes;
  for (const { bytes, stream, baseOffset, count, firstTime, lastTime } of batches) {
    const place = { stream, baseOffset, count, firstTime, lastTime, length: bytes.length, position: at.position + offset, seed };
    encodeBatch(image, offset, place, bytes, seed);
    places.push(place);
    offset += batchHeaderBytes + bytes.length;
  }
  image.fill(0, offset);
  return places;
}
