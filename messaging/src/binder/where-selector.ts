import { compilePattern } from '@millrace/expressions';
import type { Selector } from './region.ts';

/** Says whether a key is selected. */
export type KeyMatcher = (key: string) => boolean;

/**
 * Compiles the conditions that a selector puts on keys (`keys`, `prefix`, `pattern`; all must hold); `where` is
 * {@link compileWhere}'s. Patterns match the whole key in time linear in its length. Throws `INVALID_ARGUMENT` for a bad pattern.
 */
export function selectorMatcher(selector: Selector): KeyMatcher {
  const tests: KeyMatcher[] = [];
  if (selector.keys !== undefined) {
    const keys = new Set(selector.keys);
    tests.push((key) => keys.has(key));
  }
  const { prefix, pattern } = selector;
  if (prefix !== undefined) tests.push((key) => key.startsWith(prefix));
  if (pattern !== undefined) tests.push(compilePattern(pattern));
  if (tests.length === 1) return tests[0]!;
  return (key) => tests.every((test) => test(key));
}
