import { expect, it } from 'vitest';
import { compileWhere } from '../../src/binder/index.ts';

const matches = (expression: string, value: unknown): boolean => compileWhere({ expression })(value);

it.each<[string, unknown, boolean]>([
  ['price > 100 and sold == true', { price: 120, sold: true }, true],
  ['price > 100 and sold == true', { price: 120, sold: false }, false],
  ["address.city == 'Ulm'", { address: { city: 'Ulm' } }, true],
  ["#root['price'] < 5", { price: 4 }, true],
  ["name matches 'G[0-9]+'", { name: 'G12' }, true],
])('the expression %s on %j is %s', (expression, value, expected) => {
  expect(matches(expression, value)).toBe(expected);
});

it.each<[string, unknown]>([
  ['price > 100', {}],
  ['price > 100', null],
  ['price > 100', 'text'],
  ["price > 'many'", { price: 3 }],
  ['address.city.length() > 1', { address: null }],
  ['price', { price: 3 }],
])('a value that the expression %s does not fit does not meet it: %j', (expression, value) => {
  expect(matches(expression, value)).toBe(false);
});

it('refuses what is no expression when it is compiled', () => {
  expect(() => matches('price >', {})).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

it.each([[null], [{}], [{ expression: 3 }], ['price > 3']])('refuses %j, which is no condition', (where) => {
  expect(() => compileWhere(where as never)).toThrow(expect.objectContaining({ reason: 'WHERE_SHAPE' }));
});
