import { raise } from '../errors.ts';
import { compileFilter, type Predicate } from './where-filter.ts';
import type { Where } from './where.ts';

/**
 * Compiles a condition once so that it can be asked for every entry. For binders that evaluate conditions themselves and for the
 * portable layer above those that do not. Throws `INVALID_ARGUMENT` when the condition is not one.
 */
export function compileWhere(where: Where): Predicate {
  if (typeof where === 'object' && where !== null && 'filter' in where) return compileFilter(where.filter);
  throw raise('WHERE_SHAPE', { at: 'the top', found: 'neither', expected: 'a filter' });
}
