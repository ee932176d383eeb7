import { expect, it } from 'vitest';
import { addressesOf } from '../../src/client/addresses.ts';

it.each([
  ['localhost', { addresses: [{ host: 'localhost', port: undefined }], tls: false }],
  [
    'a:1, b:2',
    {
      addresses: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    },
  ],
  ['[::1]:5672', { addresses: [{ host: '::1', port: 5672 }] }],
  ['amqp://u:p%40@h:1/v%2Fw', { username: 'u', password: 'p@', virtualHost: 'v/w', addresses: [{ host: 'h', port: 1 }] }],
  ['amqps://h', { tls: true }],
])('%s', (text, expected) => expect(addressesOf(text)).toMatchObject(expected));

it.each(['', ' , ', 'amqp://', 'a:b:c'])('%j is refused', (text) => {
  expect(() => addressesOf(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

it('errors tell no password', () => {
  expect(() => addressesOf('amqp://u:secret@:x')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret') as string }),
  );
});
