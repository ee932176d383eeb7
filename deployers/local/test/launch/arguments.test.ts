import { expect, it } from 'vitest';
import { splitOptions } from '../../src/launch/arguments.ts';

it.each([
  ['', []],
  ['  ', []],
  ['-Xmx1g -Da=b', ['-Xmx1g', '-Da=b']],
  [`-Da="b c" '-De=f g'`, ['-Da=b c', '-De=f g']],
  [`-Da=''`, ['-Da=']],
  [`'' x`, ['', 'x']],
  ['-Da=$HOME;id|x `y` $(z) \\n', ['-Da=$HOME;id|x', '`y`', '$(z)', '\\n']],
  [`"it's" 'say "x"'`, ["it's", 'say "x"']],
  ['a\tb\nc', ['a', 'b', 'c']],
])('takes %j apart', (text, expected) => expect(splitOptions('java-opts', text)).toEqual(expected));

it.each([`"a`, `a'`, `"a'`])('refuses %j', (text) =>
  expect(() => splitOptions('java-opts', text)).toThrow(expect.objectContaining({ reason: 'OPTIONS_UNBALANCED' })),
);
