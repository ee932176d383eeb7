import { compareNumbers, isNumber } from './numbers.ts';
import { compareText } from './text-order.ts';

/** `==` as in the original: numbers by value whatever their type, text by content, lists and maps by their elements. */
export function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (left === null || left === undefined) return right === null || right === undefined;
  if (typeof left !== 'object' || typeof right !== 'object' || right === null) return false;
  return equalContents(left, right);
}

function equalContents(left: object, right: object): boolean {
  if (Array.isArray(left) || left instanceof Uint8Array) {
    const other = right as ArrayLike<unknown>;
    if (!Array.isArray(right) && !(right instanceof Uint8Array)) return false;
    return left.length === other.length && Array.prototype.every.call(left, (item, index) => equal(item, other[index]));
  }
  if (Array.isArray(right)) return false;
  const [a, b] = [entriesOf(left), new Map(entriesOf(right))];
  return a.length === b.size && a.every(([key, item]) => b.has(key) && equal(item, b.get(key)));
}

function entriesOf(value: object): readonly (readonly [unknown, unknown])[] {
  return value instanceof Map ? [...value] : Object.entries(value);
}

/** Less than 0, 0 or more than 0; `undefined` where the two cannot be compared. Null is less than everything. */
export function compare(left: unknown, right: unknown): number | undefined {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  const leftNull = left === null || left === undefined;
  const rightNull = right === null || right === undefined;
  if (leftNull || rightNull) return leftNull && rightNull ? 0 : leftNull ? -1 : 1;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  return undefined;
}
