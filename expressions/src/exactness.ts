import type { Node } from './ast.ts';
import { isNumber, plain } from './numbers.ts';

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '<=', '>=']);

/**
 * Whether an expression can tell `5.0` from `5`, or whole numbers beyond 2^53 from their neighbours, in JSON that it reads. Conditions
 * that only compare fields with texts, booleans and ordinary numbers cannot, so that JSON may be parsed for them without further care.
 */
export function needsExactNumbers(node: Node): boolean {
  if (node.kind === 'unary') return node.operator !== 'not' || needsExactNumbers(node.operand);
  if (node.kind !== 'binary') return true;
  const { left, right, operator } = node;
  if (operator === 'and' || operator === 'or') return needsExactNumbers(left) || needsExactNumbers(right);
  if (!comparisons.has(operator)) return true;
  return !((isPath(left) && isOrdinary(right)) || (isOrdinary(left) && isPath(right)));
}

function isPath(node: Node): boolean {
  if (node.kind === 'property') return node.target === undefined || isPath(node.target);
  return node.kind === 'index' && node.index.kind === 'literal' && isPath(node.target);
}

function isOrdinary(node: Node): boolean {
  if (node.kind !== 'literal') return false;
  const { value } = node;
  return isNumber(value) ? Math.abs(Number(plain(value))) < Number.MAX_SAFE_INTEGER : value === null || typeof value !== 'object';
}
