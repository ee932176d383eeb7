import { describe, expect, it } from 'vitest';
import { compile } from '../src/index.ts';

describe('exactNumbers', () => {
  it.each([
    'payload.a > 30',
    "payload.a == 'x' and not (headers['h'] != null) or 5.5 <= payload.b.c",
    'payload.items[0] == true',
    'payload?.a == 5.0',
    'payload.a == 5L',
  ])('is false for %s', (text) => {
    expect(compile(text).exactNumbers).toBe(false);
  });

  it.each([
    'payload.a',
    'payload.a + 1 > 3',
    'payload.a == payload.b',
    'payload.a == 9007199254740993L',
    "payload.a matches '5.0'",
    'payload.a > 30 ? 1 : 2',
    '-payload.a > 3',
    'payload.a.toString() == "5.0"',
    'payload.items.?[#this > 1]',
    "#jsonPath(payload, '$.a') > 3",
  ])('is true for %s', (text) => {
    expect(compile(text).exactNumbers).toBe(true);
  });

  it('makes no difference where it is false', () => {
    const texts = ['{"a":5.0}', '{"a":5}', '{"a":5e0}', '{"a":12345678901234567}', '{"a":-0.0}', '{"a":"5"}', '{}'];
    for (const literal of ['5', '5.0', '-5', '0', "'5'", 'null', '9007199254740990L']) {
      for (const operator of ['==', '!=', '<', '>=']) {
        const expression = compile(`payload.a ${operator} ${literal}`);
        for (const payload of texts) {
          const outcome = (options: object) => {
            try {
              return expression.evaluate({ payload }, options);
            } catch (error) {
              return (error as { reason: string }).reason;
            }
          };
          expect(outcome({ parseJson: (text: string) => JSON.parse(text) as unknown }), `${payload} ${operator} ${literal}`).toBe(
            outcome({}),
          );
        }
      }
    }
  });
});
