import { MillraceError } from '@millrace/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileWhere, type Condition, type Filter, type Scalar } from '../../src/binder/index.ts';

const matches = (filter: unknown, value: unknown): boolean => compileWhere({ filter: filter as Filter })(value);

describe('filters', () => {
  it.each<[Filter, unknown, boolean]>([
    [{ sold: true }, { sold: true }, true],
    [{ sold: true }, { sold: 'true' }, false],
    [{ 'address.city': 'Ulm' }, { address: { city: 'Ulm' } }, true],
    [{ 'address.city': 'Ulm' }, { address: null }, false],
    [{ 'address.city': 'Ulm' }, { 'address.city': 'Ulm' }, false],
    [{ n: { gt: 1, lte: 3 } }, { n: 3 }, true],
    [{ n: { gt: 1, lte: 3 } }, { n: 1 }, false],
    [{ n: { gt: 1 } }, { n: '2' }, false],
    [{ s: { gte: 'b' } }, { s: 'b' }, true],
    [{ n: { lte: Infinity } }, { n: Infinity }, true],
    [{ n: { gte: 0 } }, { n: NaN }, false],
    [{ n: { in: [1, null] } }, { n: null }, true],
    [{ n: { in: [] } }, { n: 1 }, false],
    [{ s: { prefix: 'ab' } }, { s: 'abc' }, true],
    [{ s: { prefix: 'ab' } }, { s: 12 }, false],
    [{ s: { exists: true } }, { s: null }, true],
    [{ s: { exists: false } }, { t: 1 }, true],
    [{ s: null }, {}, false],
    [{ s: { ne: null } }, {}, true],
    [{ $or: [{ a: 1 }, { b: 2 }] }, { b: 2 }, true],
    [{ $or: [{ a: 1 }, { b: 2 }] }, {}, false],
    [{ $not: { a: 1, b: 2 } }, { a: 1 }, true],
    [{}, 7, true],
    [{ a: 1 }, null, false],
    [{ length: 3 }, 'abc', false],
    [{ 'list.1': 'x' }, { list: ['w', 'x'] }, true],
  ])('%j on %j is %s', (filter, value, expected) => {
    expect(matches(filter, value)).toBe(expected);
  });

  it('combines field conditions with $or and $not in one object', () => {
    const filter = { a: 1, $or: [{ b: 1 }, { b: 2 }], $not: { c: 1 } };
    expect(matches(filter, { a: 1, b: 2 })).toBe(true);
    expect(matches(filter, { a: 1, b: 2, c: 1 })).toBe(false);
    expect(matches(filter, { a: 2, b: 2 })).toBe(false);
  });

  it('never reads inherited properties', () => {
    expect(matches({ constructor: { exists: true } }, {})).toBe(false);
    expect(matches({ '__proto__.a': { exists: true } }, { b: 1 })).toBe(false);
    expect(matches({ 'constructor.name': 'Object' }, {})).toBe(false);
  });

  it.each<[unknown, string, RegExp]>([
    [null, 'WHERE_SHAPE', /at the top is null/],
    [[], 'WHERE_SHAPE', /empty list/],
    [{ a: { gte: 1, lesser: 2 } }, 'WHERE_OPERATOR', /'lesser'/],
    [{ a: { prefx: 'x' } }, 'WHERE_OPERATOR', /did you mean 'prefix'/],
    [{ a: { constructor: 1 } }, 'WHERE_OPERATOR', /'constructor'/],
    [{ $orr: [] }, 'WHERE_OPERATOR', /did you mean '\$or'/],
    [{ $or: [] }, 'WHERE_SHAPE', /at least one filter/],
    [{ $or: [{ a: 1 }, { b: {} }] }, 'WHERE_SHAPE', /'b' is empty/],
    [{ $not: 1 }, 'WHERE_SHAPE', /\$not is a number/],
    [{ a: [1] }, 'WHERE_OPERAND', /'a' compares with a list/],
    [{ a: { eq: new Date(0) } }, 'WHERE_OPERAND', /a Date/],
    [{ a: { gt: true } }, 'WHERE_OPERAND', /a number or a string/],
    [{ a: { gt: NaN } }, 'WHERE_OPERAND', /NaN/],
    [{ a: { in: 'x' } }, 'WHERE_OPERAND', /a list of values/],
    [{ a: { in: [{}] } }, 'WHERE_OPERAND', /an object/],
    [{ a: { prefix: 1 } }, 'WHERE_OPERAND', /takes a string/],
    [{ a: { exists: 1 } }, 'WHERE_OPERAND', /true or false/],
    [{ 'a..b': 1 }, 'WHERE_PATH', /a\.\.b/],
  ])('refuses %j when it is compiled', (filter, reason, text) => {
    const error = thrownBy(() => matches(filter, {}));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', reason });
    expect(error.message).toMatch(text);
  });

  it('refuses filters nested without measure', () => {
    let filter: Filter = { a: 1 };
    for (let depth = 0; depth < 40; depth++) filter = { $not: filter };
    expect(thrownBy(() => compileWhere({ filter }))).toMatchObject({ reason: 'WHERE_TOO_DEEP' });
  });
});

describe('compiled filters against a naive evaluator', () => {
  it('agree on any filter and value', () => {
    fc.assert(
      fc.property(filters(), values(), (filter, value) => matches(filter, value) === naive(filter, value)),
      { numRuns: 3000 },
    );
  });
});

function thrownBy(run: () => unknown): MillraceError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
    return error as MillraceError;
  }
  throw new Error('nothing was thrown');
}

// Few names and values, so that conditions are met often enough.
const names = fc.constantFrom('a', 'b', 'a.b', 'b.a.b');
const scalars: fc.Arbitrary<Scalar> = fc.constantFrom<Scalar[]>(0, 1, 2, '', 'x', 'xy', '1', true, false, null);
const orderable = fc.constantFrom<(number | string)[]>(0, 1, 2, 'x', 'xy', '');

function values(): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    node: fc.oneof({ depthSize: 'small' }, scalars, fc.dictionary(fc.constantFrom('a', 'b'), tie('node'), { maxKeys: 2 })),
  })).node;
}

function filters(): fc.Arbitrary<Filter> {
  const conditions: fc.Arbitrary<Condition> = fc
    .record<Condition>(
      {
        eq: scalars,
        ne: scalars,
        lt: orderable,
        lte: orderable,
        gt: orderable,
        gte: orderable,
        in: fc.array(scalars, { maxLength: 3 }),
        prefix: fc.constantFrom('', 'x'),
        exists: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    .filter((condition) => Object.keys(condition).length > 0);
  return fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { depthSize: 'small' },
      fc.dictionary(names, fc.oneof(scalars, conditions), { maxKeys: 3 }) as fc.Arbitrary<Filter>,
      fc.record({ $or: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }) as fc.Arbitrary<Filter>,
      fc.record({ $not: tie('filter') }) as fc.Arbitrary<Filter>,
    ),
  })).filter;
}

function naive(filter: Filter, value: unknown): boolean {
  return Object.entries(filter).every(([name, condition]) => {
    if (name === '$or') return (condition as Filter[]).some((branch) => naive(branch, value));
    if (name === '$not') return !naive(condition as Filter, value);
    const found = lookUp(value, name.split('.'));
    if (condition === null || typeof condition !== 'object') return found === condition;
    return Object.entries(condition as Condition).every(([operator, operand]) => holds(operator, found, operand));
  });
}

function lookUp(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return value;
  if (value === null || typeof value !== 'object') return undefined;
  const found = Object.entries(value).find(([name]) => name === path[0]);
  return found === undefined ? undefined : lookUp(found[1], path.slice(1));
}

function holds(operator: string, found: unknown, operand: unknown): boolean {
  if (operator === 'eq') return found === operand;
  if (operator === 'ne') return found !== operand;
  if (operator === 'in') return (operand as unknown[]).includes(found);
  if (operator === 'exists') return (found !== undefined) === operand;
  if (operator === 'prefix') return typeof found === 'string' && found.indexOf(operand as string) === 0;
  if (typeof found !== typeof operand) return false;
  const [left, right] = [found as number, operand as number];
  return { lt: left < right, lte: left <= right, gt: left > right, gte: left >= right }[operator]!;
}
