import { describe, expect, it } from 'vitest';
import { checkName, deploymentId, fusedGroups, isName } from '../src/index.ts';

describe('names', () => {
  it.each(['a', 'log-v1', 'tick.log-v1', '1st', 'A_b'])('%s is one', (name) => expect(isName(name)).toBe(true));

  it.each(['', '.', '..', '-x', '_x', 'a/b', 'a b', 'a\n', 'ä', '$x'])('%j is none', (name) => expect(isName(name)).toBe(false));

  it('are refused with their rule', () => {
    expect(() => checkName('the group', '../x')).toThrow(
      expect.objectContaining({ reason: 'NAME_INVALID', code: 'INVALID_ARGUMENT' }),
    );
    expect(() => checkName('the group', 'x'.repeat(121))).toThrow(/120 at most/);
  });

  it('become ids with the group before them', () => {
    expect([
      deploymentId('log-v1', 'tick'),
      deploymentId('log-v1'),
      deploymentId('log-v1', ''),
      deploymentId('l', 't', '-'),
    ]).toEqual(['tick.log-v1', 'log-v1', 'log-v1', 't-l']);
  });
});

describe('fused groups', () => {
  it.each([
    ['ABCD', '', 'A B C D'],
    ['ABCD', 'ABCD', 'ABCD'],
    ['ABCD', 'BC', 'A BC D'],
    ['ABCD', 'AC', 'A B C D'],
    ['ABCD', 'ABD', 'AB C D'],
    ['ABCDE', 'ABDE', 'AB C DE'],
  ])('of %s with %s fused are %s', (apps, fused, expected) => {
    const groups = fusedGroups(apps.split(''), (app) => fused.includes(app));
    expect(groups.map((group) => group.join('')).join(' ')).toBe(expected);
  });
});
