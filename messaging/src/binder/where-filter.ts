import { didYouMean } from '@millrace/core';
import { raise } from '../errors.ts';
import type { Filter, Scalar } from './where.ts';

/** Says whether a decoded value meets a condition. Never throws for any value. */
export type Predicate = (value: unknown) => boolean;

type Test = (found: unknown) => boolean;

const maxDepth = 32;

type MakeTest = (operand: unknown, at: string) => Test;

const operators: ReadonlyMap<string, MakeTest> = new Map<string, MakeTest>([
  ['eq', (operand, at) => equals(scalar('eq', operand, at))],
  ['ne', (operand, at) => not(equals(scalar('ne', operand, at)))],
  ['lt', (operand, at) => ordered('lt', operand, at, (order) => order < 0)],
  ['lte', (operand, at) => ordered('lte', operand, at, (order) => order <= 0)],
  ['gt', (operand, at) => ordered('gt', operand, at, (order) => order > 0)],
  ['gte', (operand, at) => ordered('gte', operand, at, (order) => order >= 0)],
  ['in', oneOf],
  ['prefix', startsWith],
  ['exists', presence],
]);

/**
 * Compiles a filter to a closure. Fields are read as own properties of plain data only. An absent field equals nothing and is
 * different from everything (`ne` holds), also from `null`; `lt` and its kin hold between two numbers or two strings only.
 * Throws `INVALID_ARGUMENT` for anything that is not a filter, naming the place.
 */
export function compileFilter(filter: Filter): Predicate {
  return filterAt(filter, 'the top', 0);
}

function filterAt(filter: unknown, at: string, depth: number): Predicate {
  if (depth > maxDepth) throw raise('WHERE_TOO_DEEP', { limit: maxDepth });
  if (!isRecord(filter)) throw raise('WHERE_SHAPE', { at, found: describe(filter), expected: 'an object of conditions' });
  return all(Object.entries(filter).map(([name, condition]) => part(name, condition, at, depth)));
}

function part(name: string, condition: unknown, at: string, depth: number): Predicate {
  if (name === '$or') return either(condition, at, depth);
  if (name === '$not') return not(filterAt(condition, `${at} › $not`, depth + 1));
  if (name.startsWith('$')) throw unknownOperator(name, at, ['$or', '$not']);
  return field(name, condition);
}

function either(branches: unknown, at: string, depth: number): Predicate {
  const here = `${at} › $or`;
  if (!Array.isArray(branches) || branches.length === 0)
    throw raise('WHERE_SHAPE', { at: here, found: describe(branches), expected: 'a list of at least one filter' });
  const tests = branches.map((branch, index) => filterAt(branch, `${here}[${index}]`, depth + 1));
  return (value) => tests.some((one) => one(value));
}

function field(path: string, condition: unknown): Predicate {
  const read = reader(path);
  const test = isRecord(condition) ? conditionOf(condition, `'${path}'`) : equals(scalar('eq', condition, `'${path}'`));
  return (value) => test(read(value));
}

function conditionOf(condition: Readonly<Record<string, unknown>>, at: string): Test {
  const given = Object.entries(condition).filter(([, operand]) => operand !== undefined);
  if (given.length === 0) throw raise('WHERE_SHAPE', { at, found: 'empty', expected: 'a value or at least one operator' });
  return all(given.map(([name, operand]) => operatorTest(name, operand, at)));
}

function operatorTest(name: string, operand: unknown, at: string): Test {
  const make = operators.get(name);
  if (make === undefined) throw unknownOperator(name, at, [...operators.keys()]);
  return make(operand, at);
}

/** Reads a dotted path through own properties; `undefined` where any step is absent. */
function reader(path: string): (value: unknown) => unknown {
  const names = path.split('.');
  if (names.includes('')) throw raise('WHERE_PATH', { path });
  if (names.length > maxDepth) throw raise('WHERE_TOO_DEEP', { limit: maxDepth });
  if (names.length === 1) return (value) => own(value, path);
  return (value) => names.reduce(own, value);
}

function own(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function all(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0]!;
  return (value) => tests.every((one) => one(value));
}

function not(inner: Test): Test {
  return (value) => !inner(value);
}

function equals(operand: Scalar): Test {
  return (found) => found === operand;
}

function ordered(operator: string, operand: unknown, at: string, holds: (order: number) => boolean): Test {
  if (typeof operand === 'string')
    return (found) => typeof found === 'string' && holds(found < operand ? -1 : found > operand ? 1 : 0);
  if (typeof operand !== 'number' || Number.isNaN(operand)) throw badOperand(operator, operand, at, 'a number or a string');
  // A difference would be NaN for equal infinities, and NaN must be neither less nor more.
  return (found) => typeof found === 'number' && !Number.isNaN(found) && holds(found < operand ? -1 : found > operand ? 1 : 0);
}

function oneOf(operand: unknown, at: string): Test {
  if (!Array.isArray(operand)) throw badOperand('in', operand, at, 'a list of values');
  const values = new Set<unknown>(operand.map((value) => scalar('in', value, at)));
  return (found) => values.has(found);
}

function startsWith(operand: unknown, at: string): Test {
  if (typeof operand !== 'string') throw badOperand('prefix', operand, at, 'a string');
  return (found) => typeof found === 'string' && found.startsWith(operand);
}

function presence(operand: unknown, at: string): Test {
  if (typeof operand !== 'boolean') throw badOperand('exists', operand, at, 'true or false');
  return (found) => (found !== undefined) === operand;
}

function scalar(operator: string, value: unknown, at: string): Scalar {
  const plain = value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number';
  if (!plain || Number.isNaN(value)) throw badOperand(operator, value, at, 'a string, a number, true, false or null');
  return value;
}

function badOperand(operator: string, found: unknown, at: string, expected: string): Error {
  return raise('WHERE_OPERAND', { operator, at, found: describe(found), expected });
}

function unknownOperator(operator: string, at: string, known: readonly string[]): Error {
  return raise('WHERE_OPERATOR', { operator, at, known: known.join(', '), hint: didYouMean(operator, known) });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : 'a number';
  if (value instanceof Date) return 'a Date (entries hold its text or number)';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
