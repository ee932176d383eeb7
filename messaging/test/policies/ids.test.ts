import { expect, it } from 'vitest';
import { idSource } from '../../src/policies/ids.ts';

it('makes different ids that sort by creation', () => {
  const next = idSource(Date.UTC(2026, 0, 1));
  const ids = Array.from({ length: 100_000 }, next);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});

it('makes ids that differ between sources of the same moment', () => {
  expect(idSource(0)()).not.toBe(idSource(0)());
});
