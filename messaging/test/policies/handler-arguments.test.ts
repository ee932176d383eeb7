import { expect, it } from 'vitest';
import { withOptions } from '../../src/policies/handler-arguments.ts';

const handler = (): void => undefined;

it('takes a handler with and without options', () => {
  expect(withOptions({ group: 'g' }, handler, 's')).toEqual([{ group: 'g' }, handler]);
  expect(withOptions<object, typeof handler>(handler, undefined, 's')).toEqual([{}, handler]);
});

it('refuses options without a handler', () => {
  expect(() => withOptions({ group: 'g' }, undefined, 's')).toThrow("there is no handler for 's'");
});
