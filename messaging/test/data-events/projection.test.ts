import { expect, it } from 'vitest';
import { projection } from '../../src/data-events/projection.ts';

it('keeps only the named own fields of objects', () => {
  const project = projection(['a', 'b', 'toString']);
  expect(project({ a: 1, c: 2 })).toEqual({ a: 1 });
  expect(project([1])).toEqual([1]);
  expect(project(null)).toBeNull();
});

it('passes everything without a list of fields', () => {
  const value = { a: 1 };
  expect(projection(undefined)(value)).toBe(value);
});
