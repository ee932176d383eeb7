import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/runtime/config/yaml-file.ts';

describe('parseYaml', () => {
  it('reads nested mappings, lists, scalars, comments and block text', () => {
    const text = `
# a comment
spring:
  cloud:
    stream: # another
      bindings.input.destination: "a.b"   # quoted
      text: 'it''s # not a comment'
      count: 3
      ratio: 0.5
      on: true
      nothing: ~
      version: 0123
      list: [a, "b, c", 2]
      items:
      - one
      - "two"
  script: |
    line 1
      line 2

    line 4
  folded: >-
    a
    b
empty: {}
url: http://localhost:80/#x
`;
    expect(parseYaml(text)).toEqual({
      spring: {
        cloud: {
          stream: {
            'bindings.input.destination': 'a.b',
            text: "it's # not a comment",
            count: 3,
            ratio: 0.5,
            on: true,
            nothing: null,
            version: '0123',
            list: ['a', 'b, c', 2],
            items: ['one', 'two'],
          },
        },
        script: 'line 1\n  line 2\n\nline 4\n',
        folded: 'a b',
      },
      empty: {},
      url: 'http://localhost:80/#x',
    });
  });

  it.each([
    ['a: &x 1', "line 1 uses '&'"],
    ['a: *x', "line 1 uses '*'"],
    ['a: !!js/function x', "line 1 uses '!'"],
    ['a: {b: 1}', "line 1 uses '{'"],
    ['a: 1\n  b: 2', 'line 2 is indented more'],
    ['a:\n\t b: 2', 'line 2 is indented with a tab'],
    ['a:\n  - b: 1', 'line 2 is a list of mappings'],
    ['just text', "line 1 must be 'key: value'"],
    ['- a', 'line 1 must be a mapping'],
    ['a: "open', 'line 1 has a quoted value'],
    ['a: [1', 'line 1 has a list'],
    ['---\na: 1\n---\nb: 1', 'line 3 begins another document'],
  ])('refuses %j', (text, message) => {
    expect(() => parseYaml(text)).toThrow(message);
  });
});
