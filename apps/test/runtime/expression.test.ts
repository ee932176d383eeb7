import { describe, expect, it } from 'vitest';
import { compileExpression, payloadParts } from '../../src/runtime/expression.ts';
import { make } from '../harness.ts';

const evaluate = (text: string, ...parts: Parameters<typeof make>) => compileExpression(text, 'o', 'app').evaluate(make(...parts));

describe('compileExpression', () => {
  it.each([
    ['payload.a > 1', '{"a":2}', true],
    ['payload.a > 1', { a: 2 }, true],
    ['payload.a', '{"a":5.0}', 5],
    ["'' + payload.a", '{"a":5.0}', '5.0'],
    ['payload.length()', { a: 2 }, 7],
    ['payload.a == null', 'null', true],
    ['payload', '{"a":2}', '{"a":2}'],
    ["#jsonPath(payload, '$.a')", { a: [1] }, [1]],
  ])('%s of %j is %j', (text, payload, expected) => {
    expect(evaluate(text, payload)).toEqual(expected);
  });

  it('reads headers, and the facts of a message among them', () => {
    const parts = { headers: { kind: 'a' }, id: 'i', contentType: 'text/plain', timestamp: 7 };
    expect(evaluate("headers['kind'] + headers.id + headers.timestamp + headers['contentType']", 'x', parts)).toBe('ai7text/plain');
    expect(evaluate('headers.size()', 'x', parts)).toBe(4);
    expect(evaluate("#root.headers['kind']", 'x', parts)).toBe('a');
  });

  it('does not take a message for the one before', () => {
    const expression = compileExpression("payload.a + headers['h']", 'o', 'app');
    expect(expression.evaluate(make('{"a":1}', { headers: { h: 1 } }))).toBe(2);
    expect(expression.evaluate(make('{"a":2}', { headers: { h: 2 } }))).toBe(4);
  });

  it('raises EXPRESSION_INVALID with the option and the position', () => {
    expect(() => evaluate('payload.', 'x')).toThrow(
      expect.objectContaining({
        reason: 'EXPRESSION_INVALID',
        message: expect.stringContaining("Option 'o' of 'app' is not a valid expression"),
        details: expect.objectContaining({ position: 8 }),
      }),
    );
  });
});

it.each([
  ['payload.a', '{"a":5.0}', '5.0'],
  ['payload.a', '{"a":5}', 5],
  ['1.0 * 5', '', '5.0'],
  ['{1, 2.0}', '', '[1,2.0]'],
  ['{a: 2.0}', '', '{"a":2.0}'],
  ['{a: 2}', '', { a: 2 }],
  ["#jsonPath(payload, '$.a')", '{"a":{"b":1.0}}', '{"b":1.0}'],
])('%s of %s is %j as a payload', (text, payload, expected) => {
  const compute = compileExpression(text, 'o', 'app');
  expect(payloadParts(compute.raw(make(payload))).payload).toEqual(expected);
});
