import { compile, ExpressionError, toPredicate } from '@millrace/expressions';
import { raise } from '../errors.ts';
import { compileFilter, type Predicate } from './where-filter.ts';
import type { Where } from './where.ts';

/**
 * Compiles a condition once so that it can be asked for every entry. For binders that evaluate conditions themselves and for the
 * portable layer above those that do not. An expression has the entry's value as its root; a value that it does not fit (a field that
 * is not there, a comparison that makes no sense) does not meet it. Throws `INVALID_ARGUMENT` when the condition is not one.
 */
export function compileWhere(where: Where): Predicate {
  if (typeof where === 'object' && where !== null) {
    if ('filter' in where) return compileFilter(where.filter);
    if (typeof where.expression === 'string') return compileExpression(where.expression);
  }
  throw raise('WHERE_SHAPE', { at: 'the top', found: 'neither', expected: 'a filter or an expression' });
}

function compileExpression(text: string): Predicate {
  const holds = toPredicate(compile(text));
  return (value) => {
    try {
      return holds(value);
    } catch (error) {
      if (error instanceof ExpressionError) return false;
      throw error;
    }
  };
}
