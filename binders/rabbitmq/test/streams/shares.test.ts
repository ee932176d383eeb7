import { expect, it } from 'vitest';
import { quotas } from '../../src/streams/shares.ts';

const quotasOf = (owned: readonly number[], partitions: number): readonly number[] => {
  const members = owned.map((each, index) => ({ id: String(index), owned: each }));
  return [...quotas(members, partitions)].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, quota]) => quota);
};

it.each([
  ['one has all', [4], 4, [4]],
  ['a second gets half', [4, 0], 4, [2, 2]],
  ['who has more keeps the odd one', [2, 1, 0], 4, [2, 1, 1]],
  ['names decide between equals', [0, 0], 3, [2, 1]],
  ['more members than partitions', [1, 1, 0], 2, [1, 1, 0]],
])('%s', (_, owned, partitions, expected) => expect(quotasOf(owned, partitions)).toEqual(expected));
