import { array, assert, nat, option, property } from 'fast-check';
import { expect, test } from 'vitest';
import { CommitTracker, type Place } from '../../src/firehose/commit-tracker.ts';

interface Named extends Place {
  readonly name: string;
}

function filled(...names: string[]) {
  const tracker = new CommitTracker<Named>();
  const places = names.map((name) => ({ name, done: false }));
  for (const place of places) tracker.add(place);
  const finish = (name: string) => void (places.find((place) => place.name === name)!.done = true);
  const isNext = (...some: string[]) => tracker.isNext(new Set(places.filter(({ name }) => some.includes(name))));
  return { tracker, finish, isNext };
}

test('only the finished contiguous prefix may be committed', () => {
  const { tracker, finish } = filled('a', 'b', 'c');
  finish('c');
  expect(tracker.take()).toBeUndefined();
  finish('a');
  expect(tracker.take()?.name).toBe('a');
  expect(tracker.window).toBe(2);
  expect(tracker.open().map(({ name }) => name)).toEqual(['b']);
  finish('b');
  expect(tracker.take()?.name).toBe('c');
  expect(tracker.window).toBe(0);
});

test('a set is next when everything before it is finished', () => {
  const { tracker, finish, isNext } = filled('a', 'b', 'c');
  expect(isNext('a', 'b')).toBe(true);
  expect(isNext('b')).toBe(false);
  finish('a');
  expect(isNext('b')).toBe(true);
  expect(isNext('b', 'c')).toBe(true);
  finish('b');
  tracker.take();
  expect(isNext('c')).toBe(true);
});

test('in whatever order deliveries finish, commits never pass an unfinished one and in the end reach the last', () => {
  // A script of steps: fetch another, or finish one of those open.
  const script = array(option(nat(50), { nil: undefined }), { maxLength: 4000, size: 'max' });
  assert(
    property(script, (steps) => {
      const tracker = new CommitTracker<Place & { readonly offset: number }>();
      const open = new Map<number, Place>();
      let fetched = 0;
      let committed = -1;
      const finish = (offset: number) => {
        open.get(offset)!.done = true;
        open.delete(offset);
        const taken = tracker.take();
        if (taken === undefined) return;
        expect(taken.offset).toBeGreaterThan(committed);
        committed = taken.offset;
        expect(Math.min(...open.keys(), Infinity)).toBeGreaterThan(committed);
      };
      for (const step of steps) {
        if (step === undefined || open.size === 0) {
          const place = { offset: fetched++, done: false };
          open.set(place.offset, place);
          tracker.add(place);
        } else finish([...open.keys()][step % open.size]!);
        expect(tracker.window).toBe(fetched - 1 - committed);
      }
      expect(tracker.open()).toEqual([...open.values()]);
      for (const offset of open.keys()) finish(offset);
      expect(committed).toBe(fetched - 1);
    }),
    { numRuns: 50 },
  );
});
