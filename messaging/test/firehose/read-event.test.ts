import { expect, test } from 'vitest';
import type { Headers } from '../../src/binder/index.ts';
import { ReadEvent } from '../../src/firehose/read-event.ts';

const eventOf = (headers: Headers, key?: Uint8Array) => {
  const message = { payload: Buffer.from('1'), headers, key, timestamp: 7, partition: 2, offset: 5 };
  return new ReadEvent('readings', 1, message, 'application/json', message);
};

test('an event has what the message says and its place', () => {
  expect(eventOf({ a: 1 }, Buffer.from('k'))).toMatchObject({
    payload: 1,
    headers: { a: 1 },
    key: 'k',
    timestamp: 7,
    contentType: 'application/json',
    partition: 2,
    offset: 5,
  });
});

test('its id is that of the sender, or else its place', () => {
  expect(eventOf({ mr_id: 'i-1' }).id).toBe('i-1');
  expect(eventOf({}).id).toBe('readings/2/5');
});
