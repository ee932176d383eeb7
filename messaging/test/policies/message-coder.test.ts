import { expect, test } from 'vitest';
import { CodecRegistry } from '../../src/policies/codec.ts';
import { MessageCoder } from '../../src/policies/message-coder.ts';
import type { InboundMessage } from '../../src/binder/index.ts';
import { Reading, SlowReading } from '../fixtures.ts';

const codecs = new CodecRegistry();
const plain = new MessageCoder<unknown>('readings', {}, codecs);
const inbound = (payload: string | null, headers: InboundMessage['headers'] = {}, key?: string | Uint8Array): InboundMessage => ({
  payload: payload === null ? null : Buffer.from(payload),
  headers,
  key,
  timestamp: 7,
});

test('a message says its content type and carries no other header of ours', () => {
  expect(plain.encode({ a: 1 }).headers).toEqual({ contentType: 'application/json' });
  expect(plain.encode('x').headers).toEqual({ contentType: 'text/plain' });
  expect(plain.encode({ a: 1 }, { contentType: 'application/x+json' }).headers).toEqual({ contentType: 'application/x+json' });
});

test('headers of the runtime win over those of the sender, whose id is a header too', () => {
  const draft = plain.encode({}, { headers: { a: 1, traceparent: 'mine' }, id: 'i-1' }, { traceparent: 'ours', b: 2 });
  expect(draft.headers).toEqual({ a: 1, b: 2, traceparent: 'ours', mr_id: 'i-1', contentType: 'application/json' });
});

test('null is a tombstone both ways and is not held against the schema', () => {
  const coder = new MessageCoder('readings', { schema: Reading }, codecs);
  expect(coder.encode(coder.check(null) as never).payload).toBeNull();
  expect(coder.decode(inbound(null), 'x')).toMatchObject({ payload: null });
});

test('the id is the one of the sender, or else the given place', () => {
  expect(plain.decode(inbound('1', { mr_id: 'i-1' }), 'readings/0/5')).toMatchObject({ id: 'i-1' });
  expect(plain.decode(inbound('1'), 'readings/0/5')).toMatchObject({
    id: 'readings/0/5',
    timestamp: 7,
    contentType: 'application/json',
  });
});

test.each([
  ['raw', 'application/json'],
  ['JSON-quoted', '"application/json"'],
  ['bytes', Buffer.from('"application/json"')],
])('a %s content type is understood', (_, contentType) => {
  expect(plain.decode(inbound('{"a":1}', { contentType }), 'x')).toMatchObject({
    payload: { a: 1 },
    contentType: 'application/json',
  });
});

test('the content type of the definition stands in for a missing one', () => {
  const coder = new MessageCoder<unknown>('readings', { contentType: 'text/plain' }, codecs);
  expect(coder.decode(inbound('{"a":1}'), 'x')).toMatchObject({ payload: '{"a":1}', contentType: 'text/plain' });
  expect(coder.encode(5).headers).toEqual({ contentType: 'text/plain' });
});

test('the codec of the definition reads and writes everything of it', () => {
  const codec = {
    contentType: 'application/upper',
    encode: (text: unknown) => Buffer.from(String(text).toUpperCase()),
    decode: () => 'decoded',
  };
  const coder = new MessageCoder<unknown>('shouts', { codec }, codecs);
  expect(coder.encode('hi')).toMatchObject({ payload: Buffer.from('HI'), headers: { contentType: 'application/upper' } });
  expect(coder.decode(inbound('x', { contentType: 'other/type' }), 'x')).toMatchObject({ payload: 'decoded' });
});

test('what comes in is held against the schema', async () => {
  const coder = new MessageCoder('readings', { schema: Reading }, codecs);
  expect(() => coder.decode(inbound('{"sensor":"a"}'), 'x')).toThrow(/celsius: must be a number/);
  const slow = new MessageCoder('readings', { schema: SlowReading }, codecs);
  await expect(slow.decode(inbound('{"sensor":"a"}'), 'x')).rejects.toThrow(/celsius: must be a number/);
});

test('binary keys are read as text', () => {
  expect(plain.decode(inbound('1', {}, Buffer.from('k')), 'x')).toMatchObject({ key: 'k' });
});
