import { describe, expect, it } from 'vitest';
import { checkName, Names } from '../../src/topology/names.ts';

describe("names are Spring's", () => {
  const names = new Names({ prefix: 'p.' });
  it.each([
    [names.exchange('orders'), 'p.orders'],
    [names.queue('orders', 'g', 0, 1), 'p.orders.g'],
    [names.queue('orders', 'g', 2, 3), 'p.orders.g-2'],
    [names.routingKey('orders', 0, 1), 'orders'],
    [names.routingKey('orders', 2, 3), 'orders-2'],
    [names.bindingKey('orders', 0, 1), '#'],
    [names.bindingKey('orders', 2, 3), 'orders-2'],
    [names.deadLetterExchange(), 'p.DLX'],
    [names.deadLetter('orders', 'g'), 'p.orders.g.dlq'],
    [names.stream('orders', 0), 'p.orders-0'],
  ])('%s', (actual, expected) => expect(actual).toBe(expected));

  it('anonymous subscriptions are named by 22 characters of their own', () => {
    expect(names.anonymous()).toMatch(/^anonymous\.[\w-]{22}$/);
    expect(names.anonymous()).not.toBe(names.anonymous());
  });
});

it.each(['', 'x'.repeat(201), 'amq.mine'])('%j is no name', (name) => {
  expect(() => checkName(name, 'destination')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});
