import { expect, it } from 'vitest';
import { DslError, parseTask } from '@millrace/pipeline-dsl';

function problemsOf(text: string): string[] {
  try {
    parseTask(text);
  } catch (error) {
    if (error instanceof DslError) return error.problems.map(({ dslCode, position }) => `${dslCode}@${position}`);
    throw error;
  }
  return [];
}

it.each([
  ['a && a;b 1->:x', ['166@5', '158@7', '160@9']],
  ['a 1->:x 2->:y', ['160@2', '160@8']],
  ['x: <a || x: b> && c', ['159@9']],
  ['a && x: b 1->a: c && c', ['164@13']],
  ['$END && $END && a 1->$FAIL 2->$FAIL', []],
  ['$END && $END: a', ['164@8']],
])('collects every problem of %s', (text, expected) => {
  expect(problemsOf(text)).toEqual(expected);
});

it('refuses what is nested without measure', () => {
  for (const [open, close] of [
    ['(', ')'],
    ['<', '>'],
  ] as const) {
    expect(parseTask(`${open.repeat(400)}a${close.repeat(400)}`).sequences).toHaveLength(1);
    expect(() => parseTask(`${open.repeat(100_000)}a`)).toThrow('more than 500 deep');
  }
});

it('takes flows of any length', () => {
  const apps = Array.from({ length: 150_000 }, (_, index) => `a${index}`);
  expect(parseTask(`x && (${apps.join(' && ')})`).sequences[0]!.elements).toHaveLength(150_001);
});
