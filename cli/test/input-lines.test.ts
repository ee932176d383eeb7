import { expect, it } from 'vitest';
import { linesOf } from '../src/input-lines.ts';

async function* pieces(...texts: (string | Uint8Array)[]) {
  yield* texts;
}

it.each([
  ['ends of both kinds and a last line without one', ['a\nb\r\nc'], ['a', 'b', 'c']],
  ['lines over several pieces', ['on', 'e\ntw', 'o\n'], ['one', 'two']],
  ['empty lines', ['\n\na\n'], ['', '', 'a']],
  ['nothing', [], []],
  ['other separators inside a line', ['"a\u2028b\u2029c\u0085d\u000be"\n'], ['"a\u2028b\u2029c\u0085d\u000be"']],
])('splits %s', async (_, texts, expected) => {
  expect(await Array.fromAsync(linesOf(pieces(...texts)))).toEqual(expected);
});

it('joins a character that was cut into two pieces', async () => {
  const bytes = Buffer.from('grün\n');
  expect(await Array.fromAsync(linesOf(pieces(bytes.subarray(0, 3), bytes.subarray(3))))).toEqual(['grün']);
});
