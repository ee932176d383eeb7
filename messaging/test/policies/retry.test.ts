import { MillraceError } from '@millrace/core';
import { expect, test } from 'vitest';
import { raise, reject } from '../../src/errors.ts';
import { classifyError, nextDelay, retryDelay, retryPolicy } from '../../src/policies/retry.ts';

const middle = () => 0.5;

test('pauses double from the initial interval up to the longest', () => {
  const policy = retryPolicy({ maxAttempts: 7 });
  const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempt) => nextDelay(policy, attempt, middle));
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, undefined]);
});

test('the default is three tries, and one try means no retry', () => {
  expect([1, 2, 3].map((attempt) => nextDelay(retryPolicy(), attempt, middle))).toEqual([1000, 2000, undefined]);
  expect(nextDelay(retryPolicy({ maxAttempts: 1 }), 1, middle)).toBeUndefined();
});

test('delayed tries follow the immediate ones, exactly as long as they say', () => {
  const policy = retryPolicy({ maxAttempts: 2, delayed: [60_000, 600_000] });
  expect([1, 2, 3, 4].map((attempt) => nextDelay(policy, attempt, () => 1))).toEqual([1200, 60_000, 600_000, undefined]);
});

test('jitter moves a pause by at most its share, both ways', () => {
  const policy = retryPolicy({ jitter: 0.5 });
  expect(nextDelay(policy, 1, () => 0)).toBe(500);
  expect(nextDelay(policy, 1, () => 1)).toBe(1500);
});

test('options win over defaults, and undefined does not', () => {
  const policy = retryPolicy({ maxAttempts: 5, jitter: undefined }, { maxAttempts: 9, jitter: 0, backOffInitialInterval: 7 });
  expect(policy).toMatchObject({ maxAttempts: 5, jitter: 0, backOffInitialInterval: 7 });
});

test.each([
  [{ maxAttempts: 0 }, 'retry.maxAttempts'],
  [{ maxAttempts: 1.5 }, 'retry.maxAttempts'],
  [{ backOffInitialInterval: -1 }, 'retry.backOffInitialInterval'],
  [{ backOffMultiplier: 0.5 }, 'retry.backOffMultiplier'],
  [{ jitter: 2 }, 'retry.jitter'],
  [{ delayed: [5, -5] }, 'retry.delayed'],
])('%j is refused by name', (options, name) => {
  expect(() => retryPolicy(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(name) }),
  );
});

test('what another try cannot cure is rejected', () => {
  expect(classifyError(raise('SCHEMA_MISMATCH', { destination: 'x', issues: 'y' }))).toBe('reject');
  expect(classifyError(new MillraceError('no', { code: 'UNSUPPORTED', reason: 'X' }))).toBe('reject');
  expect(classifyError(reject('no such seat'))).toBe('reject');
  expect(classifyError(new Error('socket hang up'))).toBe('retry');
  expect(classifyError(new MillraceError('later', { code: 'UNAVAILABLE', reason: 'X' }))).toBe('retry');
});

test('a rejected failure has no further try, whatever the policy has left', () => {
  const policy = retryPolicy({ maxAttempts: 10, classify: (error) => (error === 'fatal' ? 'reject' : 'retry') });
  expect(retryDelay(policy, 1, 'fatal', middle)).toBeUndefined();
  expect(retryDelay(policy, 1, 'passing', middle)).toBe(1000);
});
