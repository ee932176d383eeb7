import { ManualClock } from '@millrace/core';
import { expect } from 'vitest';
import { FaultDisk } from '../../src/journal/fault-disk.ts';
import type { BatchInput, Journal } from '../../src/journal/journal.ts';
import { SegmentJournal } from '../../src/journal/segment-journal.ts';
import { decodeRecords, encodeRecords } from '../../src/records/records.ts';

export const clock = new ManualClock(1_000_000);

/** How many seeds the random tests try: a few in every run, many with `npm run faults`. */
export const seeds = process.env['MILLRACE_FAULTS'] === 'long' ? 20_000 : 500;

/** A batch of small messages that say which they are. */
export function batch(stream: number, texts: readonly string[], key?: string): BatchInput {
  const messages = texts.map((text) => ({ payload: Buffer.from(text), headers: {}, key }));
  return { stream, ...encodeRecords(messages, clock.now()) };
}

export function openOn(disk: FaultDisk, segmentBytes = 4096): SegmentJournal {
  return new SegmentJournal(disk, { clock, segmentBytes, cacheBytes: 1024, indexBytes: 4096 });
}

/** What `collect` gives from here on is what `read` gives, one after another in memory of its own. */
export function expectSameCollected(journal: Journal, stream: number, from: number, maxBytes: number): void {
  const read = journal.read(stream, from, maxBytes).map((stored) => ({ ...stored, bytes: Buffer.from(stored.bytes) }));
  const { batches, bytes } = journal.collect(stream, from, maxBytes);
  // Makes views of the journal's own memory invalid.
  journal.read(stream, 0, maxBytes);
  expect(batches.map((stored) => ({ ...stored, bytes: Buffer.from(stored.bytes) }))).toEqual(read);
  expect(Buffer.from(bytes)).toEqual(Buffer.concat(read.map((stored) => stored.bytes)));
  expect(bytes.byteOffset).toBe(0);
  expect(bytes.buffer.byteLength).toBeLessThanOrEqual(2 * bytes.length);
}

/** All records of a stream as `offset:text`. */
export function contents(journal: Journal, stream: number): string[] {
  const found: string[] = [];
  const { earliest, next } = journal.bounds(stream);
  for (let at = earliest; at < next;) {
    const batches = journal.read(stream, at, 2000);
    if (batches.length === 0) break;
    for (const stored of batches) {
      for (const record of decodeRecords(stored)) {
        if (record.offset >= at)
          found.push(`${record.offset}:${record.payload === null ? '-' : Buffer.from(record.payload).toString()}`);
      }
      at = stored.baseOffset + stored.count;
    }
  }
  return found;
}
