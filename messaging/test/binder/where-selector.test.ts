import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectorMatcher } from '../../src/binder/index.ts';

const matches = (pattern: string, key: string): boolean => selectorMatcher({ pattern })(key);

describe('selectorMatcher', () => {
  it('selects every key when nothing is asked', () => {
    expect(selectorMatcher({})('any')).toBe(true);
  });

  it('asks that keys, prefix and pattern all hold', () => {
    const selected = selectorMatcher({ keys: ['a1', 'a2', 'b1'], prefix: 'a', pattern: '.1' });
    expect(['a1', 'a2', 'b1', 'a11'].filter(selected)).toEqual(['a1']);
  });

  it('selects nothing by an empty list of keys', () => {
    expect(selectorMatcher({ keys: [] })('a')).toBe(false);
  });
});

describe('key patterns', () => {
  it.each([
    ['a.c', 'abc', true],
    ['a.c', 'xabc', false],
    ['^a|b$', 'b', true],
    ['a^b', 'ab', false],
    ['a$b', 'ab', false],
    ['(?i:seat)-\\d+', 'SEAT-12', true],
    ['(?i:s(?-i:e))', 'SE', false],
    ['G1/[0-9A-F]{2}', 'G1/7A', true],
    ['G1/[0-9A-F]{2}', 'G1/7AB', false],
    ['(?:ab){1,2}?', 'abab', true],
    ['(a*)*b', 'aab', true],
    ['(?<year>\\d{4})-\\x41\\u0042', '2026-AB', true],
    ['a{,2}', 'a{,2}', true],
    ['[\\]x]+', ']x]', true],
    ['', '', true],
    ['a||b', '', true],
    ['x{0}', '', true],
    ['[]', 'a', false],
    ['\\.', '.', true],
  ])('%s on %s is %s', (pattern, key, expected) => {
    expect(matches(pattern, key)).toBe(expected);
    expect(new RegExp(`^(?:${pattern})$`).test(key)).toBe(expected);
  });

  it('takes linear time where backtracking would take for ever', () => {
    expect(matches('(a|a)*(a+)+(.*a){8}b', 'a'.repeat(5000))).toBe(false);
  });

  it('stays right when more ways are seen than it remembers', () => {
    const selected = selectorMatcher({ pattern: '(?:..)*' });
    for (let code = 0; code < 10_000; code++) {
      const key = String.fromCharCode(0x4000 + code, 0x3000);
      expect(selected(key)).toBe(true);
      expect(selected(`${key}x`)).toBe(false);
    }
  });

  it.each([
    ['a(', 'Unterminated group'],
    ['(a)\\1', 'cannot be matched in bounded time'],
    ['(?=a)b', 'cannot be matched in bounded time'],
    ['(?<!a)b', 'cannot be matched in bounded time'],
    ['\\bword', 'cannot be matched in bounded time'],
    ['(?<n>a)\\k<n>', 'cannot be matched in bounded time'],
    ['(a{1000}){1000}', 'steps; lower them'],
    ['(){1000000000}', 'steps; lower them'],
  ])('refuses %s when it is compiled', (pattern, problem) => {
    const refusal = { code: 'INVALID_ARGUMENT', reason: 'BAD_PATTERN', message: expect.stringContaining(problem) };
    expect(() => selectorMatcher({ pattern })).toThrow(expect.objectContaining(refusal));
  });

  it('refuses patterns of more than a thousand characters', () => {
    expect(() => selectorMatcher({ pattern: 'a'.repeat(1001) })).toThrow(expect.objectContaining({ reason: 'BAD_PATTERN' }));
  });

  it('agree with the engine on any pattern of their subset', () => {
    fc.assert(
      fc.property(patterns(), fc.string({ unit: fc.constantFrom('a', 'b', 'A'), maxLength: 6 }), (pattern, key) => {
        return matches(pattern, key) === new RegExp(`^(?:${pattern})$`).test(key);
      }),
      { numRuns: 3000 },
    );
  });
});

function patterns(): fc.Arbitrary<string> {
  const atoms = fc.constantFrom('a', 'b', 'A', '.', '[ab]', '[^a]', '\\w', '(?i:a)', '^', '$', '');
  return fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      atoms,
      fc.array(tie('node'), { maxLength: 3 }).map((parts) => parts.join('')),
      fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((parts) => `(${parts.join('|')})`),
      fc
        .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{1,}', '*?'))
        .map(([body, sign]) => `(?:${body})${sign}`),
    ),
  })).node;
}
