import { expect, test } from 'vitest';
import { validate } from '../../src/policies/schema.ts';
import { Reading, schemaOf, SlowReading } from '../fixtures.ts';

test('a matching value passes, synchronously where the schema is synchronous', () => {
  expect(validate(Reading, { sensor: 'a', celsius: 1 }, 'readings')).toEqual({ sensor: 'a', celsius: 1 });
  expect(validate(undefined, 'anything', 'readings')).toBe('anything');
});

test('every issue is named with its path', () => {
  expect(() => validate(Reading, { celsius: 'warm' }, 'readings')).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      reason: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(/'readings'.*sensor: must be a string; celsius: must be a number/),
    }),
  );
});

test('paths may have segments of objects, and issues may have no path', () => {
  const deep = schemaOf(() => ({
    issues: [{ message: 'bad', path: ['a', { key: 0 }, { key: 'b' }] as never }, { message: 'worse' }],
  }));
  expect(() => validate(deep, {}, 'x')).toThrow(/a\.0\.b: bad; worse/);
});

test('an asynchronous schema is awaited', async () => {
  await expect(validate(SlowReading, { sensor: 'a', celsius: 1 }, 'readings')).resolves.toEqual({ sensor: 'a', celsius: 1 });
  await expect(validate(SlowReading, {}, 'readings')).rejects.toMatchObject({ reason: 'SCHEMA_MISMATCH' });
});
