import { describe, expect, it } from 'vitest';
import { murmur2, partitionOfKey } from '../../src/records/murmur2.ts';

/** The first five are those of Kafka's own unit test; the others were computed independently. */
const vectors: readonly (readonly [key: string, hash: number, of3?: number, of4?: number, of12?: number])[] = [
  ['21', -973932308, 0, 0, 0],
  ['foobar', -790332482, 0, 2, 6],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107, 0, 3, 3],
  ['100:48069', 1009543857, 0, 1, 9],
  ['customer-42', -542987495, 0, 1, 9],
  ['order:é', -373690029, 2, 3, 11],
];

describe('murmur2', () => {
  it.each(vectors.map((vector) => [vector[0], vector] as const))('hashes %s as Java does', (key, [, hash, of3, of4, of12]) => {
    const bytes = Buffer.from(key);
    expect(murmur2(bytes)).toBe(hash);
    if (of3 === undefined) return;
    expect([3, 4, 12].map((partitions) => partitionOfKey(bytes, partitions))).toEqual([of3, of4, of12]);
  });

  it('hashes the empty key and lengths that leave one to three bytes', () => {
    // From Kafka's own unit test, too.
    expect(murmur2(Buffer.from([]))).toBe(275646681);
    expect([1, 2, 3].map((length) => partitionOfKey(Buffer.alloc(length, 0xff), 1))).toEqual([0, 0, 0]);
  });
});
