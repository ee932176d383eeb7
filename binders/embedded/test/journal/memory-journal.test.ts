import { ManualClock } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { decodeRecords, encodeRecords } from '../../src/records/records.ts';
import type { RecordInput } from '../../src/records/records.ts';

const clock = new ManualClock(1_000_000);

function input(stream: number, ...messages: Partial<RecordInput>[]) {
  return {
    stream,
    ...encodeRecords(
      messages.map((message) => Object.assign({ payload: new Uint8Array(10), headers: {} }, message)),
      clock.now(),
    ),
  };
}

const open = () => new MemoryJournal({ clock });
const offsets = (journal: MemoryJournal, stream: number, from = 0) =>
  journal.read(stream, from, 1e9).flatMap((batch) => [...decodeRecords(batch)].map((record) => record.offset));

describe('MemoryJournal', () => {
  it('gives each stream dense offsets of its own', () => {
    const journal = open();
    expect(journal.commit([input(1, {}, {}), input(2, {}), input(1, {})])).toEqual([0, 0, 2]);
    expect(journal.commit([input(1, {})])).toEqual([3]);
    expect(journal.bounds(1)).toMatchObject({ earliest: 0, next: 4 });
    expect(journal.bounds(9)).toEqual({ earliest: 0, next: 0, bytes: 0 });
  });

  it('reads from the batch that holds the offset, at least one, about as many bytes as asked', () => {
    const journal = open();
    for (let i = 0; i < 5; i++) journal.commit([input(1, {}, {})]);
    expect(journal.read(1, 3, 1).map((batch) => batch.baseOffset)).toEqual([2]);
    expect(journal.read(1, 3, 1e9).map((batch) => batch.baseOffset)).toEqual([2, 4, 6, 8]);
    expect(journal.read(1, 10, 1e9)).toEqual([]);
    expect(journal.read(7, 0, 1e9)).toEqual([]);
  });

  it('keeps its own copy of the bytes', () => {
    const journal = open();
    const batch = input(1, { payload: Uint8Array.of(1, 2, 3) });
    journal.commit([batch]);
    batch.bytes.fill(0);
    expect([...decodeRecords(journal.read(1, 0, 1)[0]!)][0]!.payload).toEqual(Buffer.from([1, 2, 3]));
  });

  it('finds offsets by time', () => {
    const journal = open();
    for (const timestamp of [100, 200, 300]) journal.commit([input(1, { timestamp })]);
    expect([0, 100, 101, 300, 301].map((time) => journal.offsetAt(1, time))).toEqual([0, 0, 1, 2, 3]);
  });

  it('truncates up to the next offset, never back', () => {
    const journal = open();
    journal.commit([input(1, {}, {}, {}), input(1, {})]);
    journal.truncate(1, 2);
    journal.truncate(1, 1);
    expect(journal.bounds(1).earliest).toBe(2);
    journal.truncate(1, 99);
    expect(journal.bounds(1)).toEqual({ earliest: 4, next: 4, bytes: 0 });
    expect(journal.commit([input(1, {})])).toEqual([4]);
  });

  it('refuses commits to a dropped stream and invalid batches, appending nothing', () => {
    const journal = open();
    journal.commit([input(1, {})]);
    journal.drop(1);
    expect(journal.bounds(1).next).toBe(0);
    expect(() => journal.commit([input(2, {}), input(1, {})])).toThrow(expect.objectContaining({ reason: 'STREAM_DROPPED' }));
    expect(() => journal.commit([input(2, {}), input(0, {})])).toThrow(expect.objectContaining({ reason: 'STREAM_INVALID' }));
    expect(() => journal.commit([{ ...input(2, {}), count: 0 }])).toThrow(expect.objectContaining({ reason: 'BATCH_INVALID' }));
    expect(journal.bounds(2).next).toBe(0);
  });

  it('removes by age and by size', () => {
    const journal = open();
    for (const timestamp of [100, 200, 300]) journal.commit([input(1, { timestamp }), input(2, { timestamp })]);
    journal.setPolicy(1, { retentionMs: clock.now() - 200 });
    journal.setPolicy(2, { retentionBytes: journal.bounds(2).bytes / 3 });
    journal.maintain();
    expect(journal.bounds(1).earliest).toBe(1);
    expect(journal.bounds(2).earliest).toBe(2);
  });

  it('keeps the last record of each key and those without one', () => {
    const journal = open();
    journal.commit([input(1, { key: 'a' }, { key: 'b' }, {}), input(1, { key: 'a' })]);
    journal.setPolicy(1, { compact: true });
    journal.maintain();
    expect(offsets(journal, 1)).toEqual([1, 2, 3]);
    expect(journal.bounds(1)).toMatchObject({ earliest: 0, next: 4 });
  });

  it('keeps a tombstone until it is old', async () => {
    const journal = open();
    journal.commit([input(1, { key: 'a' }, { key: 'a', payload: null })]);
    journal.setPolicy(1, { compact: true, tombstoneMs: 1000 });
    journal.maintain();
    expect(offsets(journal, 1)).toEqual([1]);
    await clock.advance(1001);
    journal.maintain();
    expect(offsets(journal, 1)).toEqual([]);
  });

  it('asks the policy which records live', () => {
    const journal = open();
    journal.commit([input(1, {}, {}, {}, {})]);
    journal.setPolicy(1, { isLive: (record) => record.offset % 2 === 1 });
    journal.maintain();
    expect(offsets(journal, 1)).toEqual([1, 3]);
  });

  it('refuses use after close', () => {
    const journal = open();
    journal.close();
    expect(() => journal.commit([])).toThrow(expect.objectContaining({ reason: 'JOURNAL_CLOSED' }));
  });
});
