import { expect, it } from 'vitest';
import { partitionOfKey } from '../../src/producer/partition-choice.ts';

// Spring's own choice: abs(hashCode) modulo the number of partitions.
it.each([
  ['', 0, 0, 0],
  ['a', 1, 1, 1],
  ['abc', 0, 2, 6],
  ['abc1', 1, 3, 7],
  ['def1', 1, 0, 4],
  ['qux1', 0, 1, 9],
  ['customer-42', 1, 3, 7],
  ['polygenelubricants', 0, 0, 0],
  ['order:é', 0, 3, 3],
  ['100:48069', 1, 2, 10],
])('%j goes to partition %i of 3, %i of 4, %i of 12', (key, ...expected) => {
  expect([3, 4, 12].map((partitions) => partitionOfKey(key, partitions))).toEqual(expected);
});

it('bytes are hashed by content', () => {
  const [one, same, other] = [new Uint8Array([1, 2]), new Uint8Array([1, 2]), new Uint8Array([255, 2])];
  expect(partitionOfKey(one, 1000)).toBe(partitionOfKey(same, 1000));
  expect(partitionOfKey(one, 1000)).not.toBe(partitionOfKey(other, 1000));
});
