import type { BatchPlace } from './batch-table.ts';
import type { DiskFile } from './disk.ts';
import { FileScanner } from './file-scanner.ts';
import {
  aligned,
  batchHeaderBytes,
  decodeBatchHeader,
  decodeFrameHeader,
  frameChecksum,
  frameHeaderBytes,
  frameMagic,
  isBatchIntact,
  segmentHeaderBytes,
} from './segment-format.ts';
import type { FrameHeader } from './segment-format.ts';

/** A stretch of a segment that cannot be read. Its batch is known where just the records were altered. */
export interface BadStretch {
  readonly position: number;
  readonly end: number;
  readonly batch: BatchPlace | undefined;
}

export interface ScanVisitor {
  /** An intact batch; `bytes` are its records, valid during the call. */
  batch(place: BatchPlace, bytes: Buffer): void;
  bad(stretch: BadStretch): void;
}

export interface ScanResult {
  /** Behind the last intact frame. */
  readonly end: number;
  /** Of the last frame; 0 if there is none. */
  readonly lastSequence: number;
  /** Whether there is anything but zeros behind the end. */
  readonly tail: boolean;
}

/**
 * Reads a segment from front to back and checks all of it. What is broken but followed by an intact frame is damage and reported as
 * such; what is broken at the end is left out, because there a commit may have been cut off; the caller knows whether that can be.
 */
export class SegmentScan {
  readonly #input: FileScanner;
  readonly #journalId: number;
  readonly #segment: number;
  readonly #visitor: ScanVisitor;
  #lastSequence = 0;

  constructor(file: DiskFile, segment: number, journalId: number, visitor: ScanVisitor) {
    this.#input = new FileScanner(file);
    this.#journalId = journalId;
    this.#segment = segment;
    this.#visitor = visitor;
  }

  run(): ScanResult {
    let position = segmentHeaderBytes;
    for (;;) {
      const frame = this.#frameAt(position);
      if (frame !== undefined && this.#isIntact(frame)) {
        this.#visitFrame(frame);
        position += frame.length;
        continue;
      }
      const next = this.#nextFrame(position + 8);
      if (next === undefined) break;
      this.salvage(position, next);
      position = next;
    }
    return { end: position, lastSequence: this.#lastSequence, tail: this.#hasTail(position) };
  }

  /**
   * Visits the intact batches of a broken frame between `start` and `end` and reports the rest as bad. Only for a frame that is known
   * to have been committed.
   */
  salvage(start: number, end: number): void {
    const view = this.#input.view(start, end - start);
    if (view.length < frameHeaderBytes) {
      this.#visitor.bad({ position: start, end, batch: undefined });
      return;
    }
    // Either the header's checksum is right or, if the checksum itself was hit, the header is.
    const seeds = [view.readUInt32LE(4), frameChecksum(view, 0)] as const;
    const seed = isBatchIntact(view, frameHeaderBytes, seeds[1]) ? seeds[1] : seeds[0];
    for (let at = frameHeaderBytes; aligned(at) < view.length;) at = this.#salvageBatch(view, start, at, seed);
  }

  /** Returns where the next batch begins, the end of the view if that is not known. */
  #salvageBatch(view: Buffer, start: number, at: number, seed: number): number {
    if (view.length - at < batchHeaderBytes) return this.#lost(view, start, at);
    const place = { ...decodeBatchHeader(view, at), position: start + at, seed };
    const next = at + batchHeaderBytes + place.length;
    if (isBatchIntact(view, at, seed)) {
      this.#visitor.batch(place, view.subarray(at + batchHeaderBytes, next));
      return next;
    }
    const lengthHolds = aligned(next) === view.length || isBatchIntact(view, next, seed);
    if (!lengthHolds) return this.#lost(view, start, at);
    this.#visitor.bad({ position: start + at, end: start + next, batch: place });
    return next;
  }

  #lost(view: Buffer, start: number, at: number): number {
    this.#visitor.bad({ position: start + at, end: start + view.length, batch: undefined });
    return view.length;
  }

  #frameAt(position: number): FrameHeader | undefined {
    const frame = decodeFrameHeader(this.#input.view(position, frameHeaderBytes), 0);
    if (frame === undefined || frame.journalId !== this.#journalId) return undefined;
    const belongs = frame.segment === this.#segment && frame.position === position && frame.sequence > this.#lastSequence;
    return belongs && frame.length >= frameHeaderBytes && position + frame.length <= this.#input.size ? frame : undefined;
  }

  #isIntact(frame: FrameHeader): boolean {
    const view = this.#input.view(frame.position, frame.length);
    if (view.length < frame.length) return false;
    const seed = view.readUInt32LE(4);
    let at = frameHeaderBytes;
    for (let left = frame.batches; left > 0; left--) {
      if (!isBatchIntact(view, at, seed)) return false;
      at += batchHeaderBytes + view.readUInt32LE(at + 4);
    }
    return aligned(at) === frame.length;
  }

  #visitFrame(frame: FrameHeader): void {
    const view = this.#input.view(frame.position, frame.length);
    const seed = view.readUInt32LE(4);
    let at = frameHeaderBytes;
    for (let left = frame.batches; left > 0; left--) {
      const place = { ...decodeBatchHeader(view, at), position: frame.position + at, seed };
      const end = at + batchHeaderBytes + place.length;
      this.#visitor.batch(place, view.subarray(at + batchHeaderBytes, end));
      at = end;
    }
    this.#lastSequence = frame.sequence;
  }

  /** A frame whose header is intact begins there and was written after the last one: what lies before it was once committed. */
  #nextFrame(from: number): number | undefined {
    for (let at = this.#input.find(frameMagic, from); at >= 0; at = this.#input.find(frameMagic, at + 1))
      if (at % 8 === 0 && this.#frameAt(at) !== undefined) return at;
    return undefined;
  }

  #hasTail(position: number): boolean {
    for (let at = position; at < this.#input.size; at += zeros.length) {
      const view = this.#input.view(at, zeros.length);
      if (!view.equals(zeros.subarray(0, view.length))) return true;
    }
    return false;
  }
}

const zeros = Buffer.alloc(1 << 16);
