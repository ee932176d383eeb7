import { assert, constantFrom, oneof, property, array, string } from 'fast-check';
import { expect, it } from 'vitest';
import { parseStream, parseTask, streamToText, taskToText } from '@millrace/pipeline-dsl';

const pieces = oneof(
  string(),
  array(constantFrom("'", '"', "''", ' ', '|', ';', '>', '*', '\n', 'a', '\\', '--x=1', '&amp;', '='), { maxLength: 8 }).map(
    (list) => list.join(''),
  ),
);
const values = pieces.filter((value) => value.trim() !== '' && !value.includes('\0'));

it('writes any value so that a stream reads it again', () => {
  assert(
    property(values, (value) => {
      const text = streamToText({
        apps: [
          { name: 'web', options: { p: value, q: '1' } },
          { name: 'log', options: { p: value } },
        ],
      });
      const args = parseStream(text).apps.map((app) => app.args.map((arg) => arg.value));
      expect(args).toEqual([[value, '1'], [value]]);
    }),
    { numRuns: 3000, seed: 7 },
  );
});

it('writes any value so that a task reads it again', () => {
  assert(
    property(values, (value) => {
      const node = parseTask(`<a --p='${value.replaceAll("'", "''")}' || b> && c`);
      const again = parseTask(taskToText(node));
      expect(taskToText(again)).toBe(taskToText(node));
      expect(JSON.stringify(again.sequences)).toContain(JSON.stringify(value));
    }),
    { numRuns: 2000, seed: 7 },
  );
});

it.each([
  ['plain', 'plain'],
  ['a b', "'a b'"],
  ["it's", `"it's"`],
  [`it's "x"`, `'it''s "x"'`],
  ['a|b', "'a|b'"],
  ['a>b', "'a>b'"],
  ["fn('x y')+1", `"fn('x y')+1"`],
  ["'quoted'", `"'quoted'"`],
  ['', "''"],
])('writes %s as %s', (value, written) => {
  expect(streamToText({ apps: [{ name: 'web', options: { p: value } }] })).toBe(`web --p=${written}`);
});

it('refuses a value that no definition can hold', () => {
  expect(() => streamToText({ apps: [{ name: 'web', options: { p: 'a\0b' } }] })).toThrow(
    "the value of 'p' contains a NUL character",
  );
});
