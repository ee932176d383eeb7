import { expect, test } from 'vitest';
import { javaDouble, javaFloat, javaHash, javaLong, javaUuid, selector } from '../../src/firehose/java-hash.ts';

test.each([
  ['', 0, [0, 0, 0]],
  ['a', 97, [1, 1, 1]],
  ['abc', 96354, [0, 2, 6]],
  ['abc1', 2987023, [1, 3, 7]],
  ['def1', 3079372, [1, 0, 4]],
  ['qux1', 3482589, [0, 1, 9]],
  ['customer-42', -1772111155, [1, 3, 7]],
  ['polygenelubricants', -2147483648, [0, 0, 0]],
  ['order:é', -1207110723, [0, 3, 3]],
  ['100:48069', 745328422, [1, 2, 10]],
])('the string %j hashes and is placed as in Java', (key, hash, partitions) => {
  expect(javaHash(key)).toBe(hash);
  expect([3, 4, 12].map((count) => selector(javaHash(key)) % count)).toEqual(partitions);
});

test.each<[string, unknown, number]>([
  ['Integer', 42, 42],
  ['Integer', -1, -1],
  ['Integer.MIN_VALUE', -2147483648, -2147483648],
  ['Long beyond int', 4294967296, 1],
  ['Long', 42n, 42],
  ['Long', -1n, 0],
  ['Long given as such', javaLong(-1), 0],
  ['Boolean', true, 1231],
  ['Boolean', false, 1237],
  ['Double', 1.5, 1073217536],
  ['Double 0.0', javaDouble(0), 0],
  ['Double -0.0', javaDouble(-0), -2147483648],
  ['Double 1.0', javaDouble(1), 1072693248],
  ['Float 1.5', javaFloat(1.5), 1069547520],
  ['UUID', javaUuid('00000000-0000-0001-0000-000000000002'), 3],
  ['UUID', javaUuid('f81d4fae-7dec-11d0-a765-00a0c91e6bf6'), -343263960],
  ['List', ['a', 'b'], 4066],
  ['List with null', ['a', null], 31 * (31 + 97)],
  ['empty List', [], 1],
  ['Map', new Map([['a', 1]]), 97 ^ 1],
  ['Map as object', { a: 1, b: 'x' }, (97 ^ 1) + (98 ^ 120)],
])('%s', (_, key, hash) => {
  expect(javaHash(key)).toBe(hash);
});

test('bytes hash as their text where they are text, else by content', () => {
  expect(javaHash(Buffer.from('abc'))).toBe(javaHash('abc'));
  expect(javaHash(new Uint8Array([1, 255]), false)).toBe(31 * (31 + 1) - 1);
});

test('keys without a reproducible hash are refused', () => {
  for (const key of [undefined, Symbol('x'), () => 1, new Date(), new URL('http://x')]) {
    expect(() => javaHash(key)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', reason: 'PARTITION_KEY_UNHASHABLE' }));
  }
  expect(() => javaUuid('nonsense')).toThrow(/32 hexadecimal digits/);
});
