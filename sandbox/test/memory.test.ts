import { expect, it } from 'vitest';
import { formatMemory, parseMemory } from '../src/memory.ts';

it.each([
  ['512m', 512 * 2 ** 20],
  ['1g', 2 ** 30],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['65536 KB', 64 * 2 ** 20],
])('reads %s', (text, bytes) => expect(parseMemory(text)).toBe(bytes));

it.each(['512', 'much', '-1g', '8m', ''])("refuses '%s'", (text) =>
  expect(() => parseMemory(text)).toThrow(
    expect.objectContaining({ reason: 'BAD_MEMORY', message: expect.stringContaining('512m') }),
  ),
);

it('writes whole mebibytes', () => expect(formatMemory(1.5 * 2 ** 30)).toBe('1536m'));
