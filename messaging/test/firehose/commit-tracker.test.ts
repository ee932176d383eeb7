import { array, assert, nat, option, property } from 'fast-check';
import { expect, test } from 'vitest';
import { CommitTracker } from '../../src/firehose/commit-tracker.ts';

test('only the finished contiguous prefix may be committed', () => {
  const tracker = new CommitTracker<string>();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => tracker.add(name));
  expect(tracker.done(c!)).toBe(false);
  expect(tracker.take()).toBeUndefined();
  expect(tracker.done(a!)).toBe(true);
  expect(tracker.take()).toBe('a');
  expect(tracker.window).toBe(2);
  expect(tracker.done(b!)).toBe(true);
  expect(tracker.take()).toBe('c');
  expect(tracker.window).toBe(0);
});

test('marking twice changes nothing', () => {
  const tracker = new CommitTracker<string>();
  const place = tracker.add('a');
  tracker.add('b');
  tracker.done(place);
  tracker.done(place);
  expect(tracker.unfinished).toBe(1);
});

test('a set is next when everything before it is finished', () => {
  const tracker = new CommitTracker<string>();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => tracker.add(name));
  expect(tracker.isNext(new Set([a!, b!]))).toBe(true);
  expect(tracker.isNext(new Set([b!]))).toBe(false);
  tracker.done(a!);
  expect(tracker.isNext(new Set([b!]))).toBe(true);
  expect(tracker.isNext(new Set([b!, c!]))).toBe(true);
  tracker.done(b!);
  tracker.take();
  expect(tracker.isNext(new Set([c!]))).toBe(true);
});

test('in whatever order deliveries finish, commits never pass an unfinished one and in the end reach the last', () => {
  // A script of steps: fetch another, or finish one of those open.
  assert(
    property(array(option(nat(50), { nil: undefined }), { maxLength: 4000, size: 'max' }), (script) => {
      const tracker = new CommitTracker<number>();
      const open = new Map<number, ReturnType<typeof tracker.add>>();
      let fetched = 0;
      let committed = -1;
      const finish = (offset: number) => {
        tracker.done(open.get(offset)!);
        open.delete(offset);
        const taken = tracker.take();
        if (taken === undefined) return;
        expect(taken).toBeGreaterThan(committed);
        committed = taken;
        expect(Math.min(...open.keys(), Infinity)).toBeGreaterThan(committed);
      };
      for (const step of script) {
        if (step === undefined || open.size === 0) {
          open.set(fetched, tracker.add(fetched));
          fetched++;
        } else finish([...open.keys()][step % open.size]!);
        expect(tracker.unfinished).toBe(open.size);
        expect(tracker.window).toBe(fetched - 1 - committed);
      }
      for (const offset of open.keys()) finish(offset);
      expect(committed).toBe(fetched - 1);
    }),
    { numRuns: 50 },
  );
});
