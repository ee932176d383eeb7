import { MillraceError } from '@millrace/core';
import { expect, test } from 'vitest';
import type { Draft } from '../../src/policies/draft.ts';
import { Outcomes, PendingEvents } from '../../src/firehose/pending.ts';

const place = { destination: 'readings', partitions: 3, placesKeys: true };
const error = new MillraceError('gone', { code: 'UNAVAILABLE', reason: 'X' });

function draftOf(key: string, partition?: number): Draft {
  return { payload: Buffer.from(key), headers: {}, key, partition, timestamp: undefined };
}

/** Events at the indexes 0, 1, 2 …, of which the second names a partition that does not exist. */
function withMisplaced(outcomes: Outcomes) {
  const pending = new PendingEvents(outcomes, 0);
  ['a', 'b', 'c'].forEach((key, index) => pending.add(index, draftOf(key, index === 1 ? 3 : undefined), 7));
  return pending;
}

test('an event without a place fails alone, and the others get the outcomes that are theirs', async () => {
  const outcomes = new Outcomes(3);
  const pending = withMisplaced(outcomes);
  const batch = [draftOf('of another call')];
  expect(pending.load(batch, place)).toBe(2);
  expect(batch.map(({ key, partition }) => [key, partition])).toEqual([
    ['of another call', undefined],
    ['a', 1],
    ['c', 1],
  ]);
  pending.settle([{ error }, { partition: 1, offset: 5 }, { partition: 1, offset: 6 }], 1);
  expect(await outcomes.all).toMatchObject([{ offset: 5 }, { error: { reason: 'NO_SUCH_PARTITION' } }, { offset: 6 }]);
});

test('events of which none has a place are settled at once', async () => {
  const outcomes = new Outcomes(1);
  const pending = new PendingEvents(outcomes, 0);
  pending.add(0, draftOf('a', -1), undefined);
  expect(pending.load([], place)).toBe(0);
  expect(pending.settled).toBe(true);
  expect(await outcomes.all).toMatchObject([{ error: { reason: 'NO_SUCH_PARTITION' } }]);
});

test('a failure is that of every event that has no outcome yet', async () => {
  const outcomes = new Outcomes(3);
  const pending = withMisplaced(outcomes);
  pending.load([], place);
  pending.fail(error);
  expect(await outcomes.all).toEqual([{ error }, { error: expect.objectContaining({ reason: 'NO_SUCH_PARTITION' }) }, { error }]);
});

test('outcomes of several parts are complete when the last part is', async () => {
  const outcomes = new Outcomes(2);
  const parts = [0, 1].map((index) => {
    const part = new PendingEvents(outcomes, 0);
    part.add(index, draftOf(`${index}`), undefined);
    part.load([], place);
    return part;
  });
  parts[1]!.settle([{ partition: 0, offset: 9 }], 0);
  parts[0]!.settle([{ partition: 0, offset: 8 }], 0);
  expect(await outcomes.all).toEqual([
    { partition: 0, offset: 8 },
    { partition: 0, offset: 9 },
  ]);
});

test('nothing published is complete', async () => {
  expect(await new Outcomes(0).all).toEqual([]);
});

test('a key decides where an event goes by the hash of Java, unless the binder has a rule of its own or a partition key is there', () => {
  // The hash of 'abc' is 96354, of which 3 leaves 0 and 4 leaves 2.
  const chosen = [{ placesKeys: false }, { placesKeys: true }].map((rule) => {
    const batch: Draft[] = [];
    for (const selector of [undefined, 7]) {
      const pending = new PendingEvents(new Outcomes(1), 0);
      pending.add(0, draftOf('abc'), selector);
      pending.load(batch, { destination: 'readings', partitions: 4, ...rule });
    }
    return batch.map(({ partition }) => partition);
  });
  expect(chosen).toEqual([
    [2, 3],
    [undefined, 3],
  ]);
});
