import { expect, it } from 'vitest';
import { didYouMean, nearest } from '@millrace/core';

it.each([
  ['fitler', 'filter'],
  ['EXPRESION', 'expression'],
  ['zzz', undefined],
  ['', undefined],
])('suggests for %s: %s', (word, expected) => {
  expect(nearest(word, ['filter', 'transform', 'expression'])).toBe(expected);
});

it('words the hint', () => {
  expect(didYouMean('fliter', ['filter'])).toBe("; did you mean 'filter'?");
  expect(didYouMean('qqqqqq', ['filter'])).toBe('');
});
