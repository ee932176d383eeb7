import { describe, expect, it } from 'vitest';
import { kafkaBinder } from '../src/index.ts';
import { addressesOf, settingsOf } from '../src/settings.ts';

describe('addresses of brokers', () => {
  it.each([
    ['kafka', [{ host: 'kafka', port: 9092 }]],
    [
      'a:1, b:2,',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    ],
    ['[::1]:9093', [{ host: '::1', port: 9093 }]],
    [
      ['a:1', 'b'],
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 9092 },
      ],
    ],
  ])('%s', (brokers, addresses) => {
    expect(addressesOf(brokers)).toEqual(addresses);
  });

  it.each([[''], ['a:b'], ['a:99999'], ['http://a:1']])("'%s' is refused", (brokers) => {
    expect(() => addressesOf(brokers)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', details: expect.objectContaining({ name: 'brokers' }) }),
    );
  });
});

it('sends are acknowledged by all replicas unless something weaker is asked for, and the capabilities say so', () => {
  expect(settingsOf({}).send.acks).toBe(-1);
  expect(settingsOf({ acks: 'leader' }).send.acks).toBe(1);
  expect(kafkaBinder().capabilities.durability).toBe('machine-loss');
  expect(kafkaBinder({ acks: 'leader' }).capabilities.durability).toBe('process-crash');
});
