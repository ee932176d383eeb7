import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignCooperatively, assignInRanges } from '../../src/consumer/assignor.ts';
import type { Assignment, MemberView } from '../../src/consumer/assignor.ts';

function member(id: string, owned: readonly number[] = [], generation = 1, topics: readonly string[] = ['t']): MemberView {
  return { id, topics, owned: new Map([['t', owned]]), generation };
}

const given = (assignment: Assignment, id: string, topic = 't'): readonly number[] => assignment.get(id)?.get(topic) ?? [];

/** Members join again until nothing moves; each round they have what they were given. */
function settled(
  ids: readonly string[],
  partitions: number,
  first: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, readonly number[]> {
  let owned = first;
  for (let generation = 1; generation < 5; generation++) {
    const members = ids.map((id) => member(id, owned.get(id) ?? [], generation));
    const assignment = assignCooperatively(members, new Map([['t', partitions]]));
    owned = new Map(ids.map((id) => [id, given(assignment, id)]));
  }
  return owned;
}

describe('cooperative assignment', () => {
  it('ends even, whoever had what', () => {
    const start = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), start, (count, owners) => {
        const ids = Array.from({ length: count }, (_, index) => `m${index}`);
        const first = new Map(
          ids.map((id, index) => [id, owners.flatMap((owner, partition) => (owner === index ? [partition] : []))]),
        );
        const sizes = [...settled(ids, 12, first).values()].map((each) => each.length);
        expect(sizes.reduce((a, b) => a + b, 0)).toBe(12);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('never gives a partition to a member while another one has it', () => {
    const assignment = assignCooperatively([member('a', [0, 1, 2, 3]), member('b')], new Map([['t', 4]]));
    expect(given(assignment, 'a')).toEqual([0, 1]);
    expect(given(assignment, 'b')).toEqual([]);
  });

  it('leaves partitions where they are when the share is fair', () => {
    const assignment = assignCooperatively([member('a', [3, 1]), member('b', [0, 2])], new Map([['t', 4]]));
    expect([given(assignment, 'a'), given(assignment, 'b')]).toEqual([
      [1, 3],
      [0, 2],
    ]);
  });

  it('does not believe what a member had in an older generation', () => {
    const assignment = assignCooperatively([member('a', [0, 1], 3), member('b', [0, 1], 7)], new Map([['t', 2]]));
    expect(given(assignment, 'a')).toEqual([]);
    expect(given(assignment, 'b')).toHaveLength(1);
  });

  it('gives each topic to those who subscribe to it', () => {
    const members = [member('a', [], 1, ['t']), member('b', [], 1, ['u']), member('c', [], 1, ['t', 'u'])];
    const assignment = assignCooperatively(
      members,
      new Map([
        ['t', 2],
        ['u', 2],
      ]),
    );
    expect(given(assignment, 'b', 't')).toEqual([]);
    expect(new Set([...given(assignment, 'a', 't'), ...given(assignment, 'c', 't')])).toEqual(new Set([0, 1]));
    expect(new Set([...given(assignment, 'b', 'u'), ...given(assignment, 'c', 'u')])).toEqual(new Set([0, 1]));
  });
});

/** What each of the members gets. */
function ranges(members: readonly MemberView[], count: number): readonly (readonly number[])[] {
  const assignment = assignInRanges(members, new Map([['t', count]]));
  return members.map(({ id }) => given(assignment, id));
}

describe("assignment in ranges, as Java's RangeAssignor", () => {
  it('gives the first members one more where the division leaves a rest', () => {
    expect(ranges([member('c'), member('a'), member('b')], 7)).toEqual([
      [5, 6],
      [0, 1, 2],
      [3, 4],
    ]);
  });

  it('gives nothing to those that come too late, and to those that do not subscribe', () => {
    expect(ranges([member('a'), member('b', [], 1, ['other']), member('c')], 1)).toEqual([[0], [], []]);
  });

  it('puts static members first, by their names', () => {
    const members = [member('a'), { ...member('z'), instanceId: 'two' }, { ...member('y'), instanceId: 'one' }];
    expect(ranges(members, 3)).toEqual([[2], [1], [0]]);
  });
});
