import { Buffer } from 'node:buffer';
import { ByteReader } from '../records/byte-reader.ts';
import { ByteWriter } from '../records/byte-writer.ts';

/** The stream that the journal keeps for itself. */
export const controlStream = 0;

/** A fact that must outlive the data. */
export type Mark = StreamMark | SegmentMark;

/**
 * A stream's bounds, or that it is gone. Each only ever grows, so that these marks can be read in any order, and repeatedly, with the
 * same result.
 */
export interface StreamMark {
  readonly stream: number;
  readonly earliest: number;
  readonly next: number;
  readonly dropped: boolean;
}

/**
 * That a segment is there beside the one that says so, or is about to be removed: so that one that disappears is missed. The last one
 * about a segment counts.
 */
export interface SegmentMark {
  readonly segment: number;
  readonly removed: boolean;
}

const kind = { bounds: 1, dropped: 2, checkpoint: 3, segment: 4, removed: 5 } as const;

/** Marks as the bytes of a control batch. `complete`: they are all there is to know when they are written. */
export function encodeMarks(marks: readonly Mark[], complete: boolean): Uint8Array {
  const out = new ByteWriter(16 + marks.length * 12);
  if (complete) out.byte(kind.checkpoint);
  for (const mark of marks) encodeMark(out, mark);
  return out.bytes.subarray(0, out.position);
}

function encodeMark(out: ByteWriter, mark: Mark): void {
  if ('segment' in mark) {
    out.byte(mark.removed ? kind.removed : kind.segment);
    out.varint(mark.segment);
    return;
  }
  out.byte(mark.dropped ? kind.dropped : kind.bounds);
  out.varint(mark.stream);
  if (mark.dropped) return;
  out.varint(mark.earliest);
  out.varint(mark.next);
}

/** Calls `visit` with each mark; returns whether they were complete. */
export function decodeMarks(bytes: Buffer, visit: (mark: Mark) => void): boolean {
  const input = new ByteReader(bytes);
  let complete = false;
  while (input.position < input.end) {
    const type = input.byte();
    if (type === kind.checkpoint) complete = true;
    else if (type === kind.segment || type === kind.removed) visit({ segment: input.varint(), removed: type === kind.removed });
    else if (type === kind.dropped) visit({ stream: input.varint(), earliest: 0, next: 0, dropped: true });
    else if (type === kind.bounds)
      visit({ stream: input.varint(), earliest: input.varint(), next: input.varint(), dropped: false });
    else throw input.malformed(`unknown mark ${type}`);
  }
  return complete;
}
