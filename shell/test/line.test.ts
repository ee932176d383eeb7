import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isComment, wordsOf } from '../src/line.ts';

const texts = (line: string): readonly string[] => wordsOf(line).map(({ text }) => text);

describe('words of a line', () => {
  it.each([
    ['stream list', ['stream', 'list']],
    ['  stream   list ', ['stream', 'list']],
    ['stream create --name x --definition "time | log"', ['stream', 'create', '--name', 'x', '--definition', 'time | log']],
    ['--definition="time | log"', ['--definition=time | log']],
    [`--definition "filter --expression='a b' | log"`, ['--definition', "filter --expression='a b' | log"]],
    [String.raw`--definition "filter --expression=\"a b\""`, ['--definition', 'filter --expression="a b"']],
    [`--definition 'say "x"'`, ['--definition', 'say "x"']],
    ["a.b=don't", ["a.b=don't"]],
    ['""', ['']],
    ['', []],
  ])('of %s', (line, expected) => expect(texts(line)).toEqual(expected));

  it('know whether they were quoted', () => {
    expect(wordsOf('"--name" --name').map(({ quoted }) => quoted)).toEqual([true, false]);
  });

  it('refuse an open quote with its place', () => {
    expect(() => wordsOf('stream create "x')).toThrow('the quote " at position 14 is not closed');
  });

  it('are what was quoted, whatever that is', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (values) => {
        const line = values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(' ');
        expect(texts(line)).toEqual(values);
      }),
    );
  });
});

it.each(['// x', '; x', '# x', '', '   '])('%s is a comment', (line) => expect(isComment(line)).toBe(true));
