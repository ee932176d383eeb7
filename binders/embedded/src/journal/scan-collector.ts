import type { Buffer } from 'node:buffer';
import type { BatchPlace } from './batch-table.ts';
import { controlStream, decodeMarks } from './control.ts';
import type { Mark } from './control.ts';
import type { DiskFile } from './disk.ts';
import { Segment } from './segment.ts';
import type { BadStretch, ScanResult, ScanVisitor } from './segment-scan.ts';
import { SegmentScan } from './segment-scan.ts';

/** What was found in a segment by reading all of it. */
export interface ScannedSegment {
  readonly segment: Segment;
  readonly marks: readonly Mark[];
  /** Whether the marks begin with a complete set. */
  readonly complete: boolean;
  readonly result: ScanResult;
}

/** Reads a whole segment. `sealed`: it was committed to its last byte, so that a broken end is damage and not a commit cut off. */
export function scanSegment(
  file: DiskFile,
  identity: { sequence: number; fileId: number; journalId: number },
  sealed: boolean,
): ScannedSegment {
  const segment = new Segment(identity.sequence, identity.fileId);
  const collector = new ScanCollector(segment);
  const scan = new SegmentScan(file, identity.sequence, identity.journalId, collector);
  const result = scan.run();
  if (sealed && result.tail) scan.salvage(result.end, file.size());
  segment.end = sealed && result.tail ? file.size() : result.end;
  segment.lastFrame = result.lastSequence;
  segment.damaged = segment.lost.length > 0;
  return { segment, marks: collector.marks, complete: collector.complete, result };
}

/** Enters what a scan finds into a segment, and works out which offsets its bad stretches held. */
class ScanCollector implements ScanVisitor {
  readonly marks: Mark[] = [];
  complete = false;
  readonly #segment: Segment;
  /** Where each stream goes on, so that a jump behind a bad stretch shows what was lost there. */
  readonly #ends = new Map<number, number>();
  #unknownAt: number | undefined;

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  batch(place: BatchPlace, bytes: Buffer): void {
    if (place.stream === controlStream) this.complete = decodeMarks(bytes, (mark) => this.marks.push(mark)) || this.complete;
    else this.#follow(place);
    this.#segment.add(place);
  }

  bad({ position, batch }: BadStretch): void {
    const expected = batch && this.#ends.get(batch.stream);
    if (batch !== undefined && batch.stream !== controlStream && isPlausible(batch, expected)) {
      this.#lose(batch.stream, position, batch.baseOffset, batch.baseOffset + batch.count);
      return;
    }
    this.#unknownAt = position;
    this.#segment.lost.push({ stream: undefined, position, from: 0, to: 0 });
  }

  #follow(place: BatchPlace): void {
    const expected = this.#ends.get(place.stream);
    const jumped = expected !== undefined && place.baseOffset > expected;
    if (jumped && this.#unknownAt !== undefined) this.#lose(place.stream, this.#unknownAt, expected, place.baseOffset);
    this.#ends.set(place.stream, place.baseOffset + place.count);
  }

  #lose(stream: number, position: number, from: number, to: number): void {
    this.#segment.lost.push({ stream, position, from, to });
    this.#ends.set(stream, to);
  }
}

/**
 * Whether the header of a batch with a wrong checksum can be taken at its word: it continues its stream exactly where that stood. The first
 * of a stream in the file is not believed: its stream or offset may be what was hit, and the jump behind it tells what is missing.
 */
function isPlausible(batch: BatchPlace, expected: number | undefined): boolean {
  const end = batch.baseOffset + batch.count;
  return batch.count > 0 && batch.count <= batch.length && Number.isSafeInteger(end) && expected === batch.baseOffset;
}
