import { describe, expect, it } from 'vitest';
import { resolvePlaceholders } from '../../../src/runtime/config/placeholders.ts';

const values: Record<string, unknown> = {
  a: '1',
  b: '${a}2',
  key: 'a',
  list: ['x', 'y'],
  number: 5,
  loop: '${pool}',
  pool: '${loop}',
};
const resolve = (text: string) => resolvePlaceholders(text, (name) => values[name]);

describe('resolvePlaceholders', () => {
  it.each([
    ['no placeholder', 'no placeholder'],
    ['<${a}>', '<1>'],
    ['${b}', '12'],
    ['${missing:fallback}', 'fallback'],
    ['${missing:${a}}', '1'],
    ['${missing:${other:deep}}', 'deep'],
    ['${${key}}', '1'],
    ['${missing}', '${missing}'],
    ['${missing:}', ''],
    ['${missing:http://x:80}', 'http://x:80'],
    ['${list}', 'x,y'],
    ['${number}', '5'],
    ['${open', '${open'],
    ['${a}${a}', '11'],
  ])('%s → %s', (text, expected) => {
    expect(resolve(text)).toBe(expected);
  });

  it('refuses a value that refers to itself', () => {
    expect(() => resolve('${loop}')).toThrow(expect.objectContaining({ reason: 'PLACEHOLDER_CYCLE' }));
  });
});
