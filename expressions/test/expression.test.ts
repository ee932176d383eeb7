import { describe, expect, it } from 'vitest';
import { compile, parseJson, toPredicate } from '@millrace/expressions';

describe('evaluate', () => {
  it('gives plain JavaScript values', () => {
    expect(compile('{5.0, 1L, {a: 2.0}}').evaluate({})).toEqual([5, 1, { a: 2 }]);
    expect(compile('payload').evaluate({ payload: { a: [1] } })).toEqual({ a: [1] });
  });

  it('takes any plain data as root', () => {
    expect(compile('price > 100 and !sold').evaluate({ price: 120, sold: false })).toBe(true);
  });

  it('reads variables and answers null for unknown ones', () => {
    expect(compile('#limit + 1').evaluate({}, { variables: { limit: 4 } })).toBe(5);
    expect(compile('#limit').evaluate({})).toBeNull();
  });

  it('parses a payload once for several fields, through the parser given', () => {
    let parses = 0;
    const parse = (text: string): unknown => (parses++, parseJson(text));
    expect(compile('payload.a > 1 && payload.b < 2').evaluate({ payload: '{"a": 2, "b": 1}' }, { parseJson: parse })).toBe(true);
    expect(parses).toBe(1);
  });

  it('keeps whole numbers beyond 2^53 exact', () => {
    expect(compile('payload.id').print({ payload: '{"id": 9007199254740993}' })).toBe('9007199254740993');
  });
});

describe('toPredicate', () => {
  it('refuses a value that is no boolean', () => {
    expect(() => toPredicate(compile('payload'))({ payload: 'x' })).toThrow('needs a boolean');
  });
});

describe('references', () => {
  it('lists the fields that are read', () => {
    expect(compile("payload.price > 3 && headers['type'] == payload.kind.name").references).toEqual([
      'payload.price',
      'headers.type',
      'payload.kind.name',
    ]);
  });
});
