import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultDisk } from '../../src/journal/fault-disk.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { batch, clock, contents, expectSameCollected, openOn } from './support.ts';

type Operation =
  | { readonly kind: 'commit'; readonly streams: readonly number[]; readonly size: number }
  | { readonly kind: 'truncate'; readonly stream: number; readonly share: number }
  | { readonly kind: 'drop'; readonly stream: number }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'maintain' };

const stream = fc.integer({ min: 1, max: 4 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      streams: fc.array(stream, { minLength: 1, maxLength: 3 }),
      size: fc.integer({ min: 1, max: 400 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('truncate' as const), stream, share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), stream: fc.integer({ min: 3, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('maintain' as const) }) },
);

describe('SegmentJournal', () => {
  it('holds what a journal in memory holds, whatever is done with both', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const disk = new FaultDisk();
        let journal = openOn(disk);
        const oracle = new MemoryJournal({ clock });
        const dropped = new Set<number>();
        let number = 0;
        for (const step of operations) {
          if (step.kind === 'commit') {
            const streams = step.streams.filter((id) => !dropped.has(id));
            if (streams.length === 0) continue;
            const batches = streams.map((id) => batch(id, [`${number++}`.padEnd(step.size, '.')]));
            expect(journal.commit(batches)).toEqual(oracle.commit(batches));
          } else if (step.kind === 'truncate' && !dropped.has(step.stream)) {
            const { earliest, next } = oracle.bounds(step.stream);
            const offset = earliest + Math.floor((next - earliest) * step.share);
            journal.truncate(step.stream, offset);
            oracle.truncate(step.stream, offset);
          } else if (step.kind === 'drop') {
            dropped.add(step.stream);
            journal.drop(step.stream);
            oracle.drop(step.stream);
          } else if (step.kind === 'reopen') {
            journal.close();
            journal = openOn(disk);
          } else journal.maintain();
        }
        for (const id of [1, 2, 3, 4]) {
          expect(journal.bounds(id).next).toBe(oracle.bounds(id).next);
          expect(contents(journal, id).filter((entry) => Number(entry.split(':')[0]) >= oracle.bounds(id).earliest)).toEqual(
            contents(oracle, id),
          );
          const { earliest, next } = journal.bounds(id);
          for (const from of [earliest, Math.floor((earliest + next) / 2)]) {
            expectSameCollected(journal, id, from, 1500);
            expectSameCollected(oracle, id, from, 1500);
          }
        }
        expect(journal.damage).toEqual([]);
        journal.close();
      }),
      { numRuns: 300 },
    );
  });

  it('gives space back when streams are truncated, and keeps the rest where it was asked for', () => {
    const disk = new FaultDisk();
    const journal = openOn(disk);
    journal.commit([batch(2, ['kept'])]);
    for (let n = 0; n < 400; n++) journal.commit([batch(1, [`${n}`.padEnd(100, '.')])]);
    const before = journal.stats().bytes;
    journal.truncate(1, 390);
    for (let n = 0; n < 200 && journal.maintain(); n++);
    expect(journal.stats().bytes).toBeLessThan(before / 3);
    expect(contents(journal, 2)).toEqual(['0:kept']);
    expect(contents(journal, 1)).toHaveLength(10);
    journal.close();
    const again = openOn(disk);
    expect(contents(again, 2)).toEqual(['0:kept']);
    expect(again.bounds(1)).toMatchObject({ next: 400 });
  });

  it('keeps the next offset of a stream whose data is all gone', () => {
    const disk = new FaultDisk();
    let journal = openOn(disk);
    for (let n = 0; n < 100; n++) journal.commit([batch(1, ['x'.repeat(100)])]);
    journal.truncate(1, 100);
    for (let n = 0; n < 100; n++) journal.commit([batch(2, ['y'.repeat(100)])]);
    for (let n = 0; n < 200 && journal.maintain(); n++);
    journal.close();
    journal = openOn(disk);
    expect(journal.bounds(1)).toMatchObject({ earliest: 100, next: 100 });
    expect(journal.commit([batch(1, ['next'])])).toEqual([100]);
  });

  it('keeps the last message of each key of a compacted stream', () => {
    const disk = new FaultDisk();
    let journal = openOn(disk);
    journal.setPolicy(1, { compact: true });
    for (let n = 0; n < 300; n++) journal.commit([batch(1, [`${n}`.padEnd(60, '.')], `k${n % 10}`)]);
    const before = journal.stats().bytes;
    for (let n = 0; n < 500 && journal.maintain(); n++);
    expect(journal.stats().bytes).toBeLessThan(before / 2);
    journal.close();
    journal = openOn(disk);
    const kept = contents(journal, 1).map((entry) => Number(entry.split(':')[0]));
    expect(kept.filter((offset) => offset >= 290)).toEqual([290, 291, 292, 293, 294, 295, 296, 297, 298, 299]);
    expect(journal.bounds(1).next).toBe(300);
  });
});
