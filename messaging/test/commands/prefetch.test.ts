import { expect, it } from 'vitest';
import { Prefetch } from '../../src/commands/prefetch.ts';

it('grows to the maximum while full batches start quickly', () => {
  const prefetch = new Prefetch(16, 100);
  const budgets = Array.from({ length: 5 }, () => {
    prefetch.started(prefetch.budget, 1);
    return prefetch.budget;
  });
  expect(budgets).toEqual([32, 64, 100, 100, 100]);
});

it('does not grow when it would not have been used', () => {
  const prefetch = new Prefetch(16, 100);
  prefetch.started(3, 1);
  expect(prefetch.budget).toBe(16);
});

it('shrinks to the number of handlers when commands have to wait', () => {
  const prefetch = new Prefetch(16, 100);
  prefetch.started(16, 1);
  prefetch.started(32, 1);
  prefetch.started(64, 200);
  expect(prefetch.budget).toBe(32);
  prefetch.started(32, 200);
  prefetch.started(16, 200);
  expect(prefetch.budget).toBe(16);
});
