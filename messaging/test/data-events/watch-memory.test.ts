import { expect, it } from 'vitest';
import { WatchMemory } from '../../src/data-events/watch-memory.ts';

const entry = (version: number | undefined) => ({ version, value: undefined, contentType: '' });

it('recognises what was told by its version', () => {
  const memory = new WatchMemory();
  memory.set('a', entry(5));
  expect([4, 5, 6].map((version) => memory.isRepeated('a', version, false))).toEqual([true, true, false]);
  expect([4, 5].map((version) => memory.isRepeated('a', version, true))).toEqual([true, false]);
  memory.remove('a', 6);
  expect([6, 7].map((version) => memory.isRepeated('a', version, false))).toEqual([true, false]);
});

it('takes nothing for told of which it knows the key only', () => {
  const memory = new WatchMemory();
  memory.set('a', entry(undefined));
  expect(memory.isRepeated('a', 1, false)).toBe(false);
});

it('takes a clearing once', () => {
  const memory = new WatchMemory();
  memory.set('a', entry(1));
  expect(memory.clear('7')).toBe(true);
  expect(memory.size).toBe(0);
  expect(memory.clear('7')).toBe(false);
});

it('remembers removed keys for a while only', () => {
  const memory = new WatchMemory();
  for (let index = 0; index <= 10_000; index++) memory.remove(`k${index}`, 1);
  expect(memory.isRepeated('k0', 1, false)).toBe(false);
  expect(memory.isRepeated('k1', 1, false)).toBe(true);
});
