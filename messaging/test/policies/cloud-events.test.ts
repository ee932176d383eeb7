import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import type { HeaderValue, InboundMessage } from '../../src/binder/index.ts';
import { cloudEventOf, type CloudEventOptions } from '../../src/policies/cloud-events.ts';
import { CodecRegistry } from '../../src/policies/codec.ts';
import { MessageCoder } from '../../src/policies/message-coder.ts';
import { Reading } from '../fixtures.ts';

const sender = { name: 'weather', clock: new ManualClock(0) };
const coder = (cloudEvents?: CloudEventOptions, schema?: typeof Reading) =>
  new MessageCoder<unknown>('readings', { cloudEvents, schema }, new CodecRegistry(), sender);
const reader = coder();
const received = (payload: Uint8Array | null, headers: Record<string, HeaderValue>): InboundMessage => ({
  payload,
  headers,
  key: undefined,
  timestamp: 9,
});
const decode = (text: string) => reader.decode(received(Buffer.from(text), { contentType: 'application/cloudevents+json' }), 'x');
const binary: CloudEventOptions = { mode: 'binary', type: 'reading.taken' };
const structured: CloudEventOptions = { mode: 'structured', type: 'reading.taken', source: '/station' };

test('binary mode puts the attributes beside the payload', () => {
  const draft = coder(binary).encode({ celsius: 1 }, { id: 'i-1', timestamp: 1000 });
  expect(Buffer.from(draft.payload!).toString()).toBe('{"celsius":1}');
  expect(draft.headers).toEqual({
    contentType: 'application/json',
    mr_id: 'i-1',
    ce_specversion: '1.0',
    ce_id: 'i-1',
    ce_source: '/weather',
    ce_type: 'reading.taken',
    ce_time: '1970-01-01T00:00:01.000Z',
  });
});

test('each event has an id of its own where none is given', () => {
  const ids = [1, 2].map(() => coder(binary).encode({}).headers['ce_id']);
  expect(new Set(ids).size).toBe(2);
});

test.each([
  ['an object', { celsius: 1 }, { data: { celsius: 1 }, datacontenttype: 'application/json' }],
  ['text', 'warm', { data: 'warm', datacontenttype: 'text/plain' }],
  ['bytes', new Uint8Array([255, 0]), { data_base64: '/wA=', datacontenttype: 'application/octet-stream' }],
])('structured mode carries %s inside and gives it back', (_, payload, expected) => {
  const draft = coder(structured).encode(payload, { id: 'i-1' });
  expect(draft.headers['contentType']).toBe('application/cloudevents+json');
  const event = JSON.parse(Buffer.from(draft.payload!).toString()) as object;
  expect(event).toEqual({
    specversion: '1.0',
    id: 'i-1',
    source: '/station',
    type: 'reading.taken',
    time: '1970-01-01T00:00:00.000Z',
    ...expected,
  });
  const message = reader.decode(received(draft.payload, draft.headers), 'x');
  expect(message).toMatchObject({ id: 'i-1', timestamp: 0, contentType: expected.datacontenttype });
  expect((message as { payload: unknown }).payload).toEqual(
    typeof payload === 'object' && payload instanceof Uint8Array ? Buffer.from(payload) : payload,
  );
});

test('a tombstone stays one in structured mode', () => {
  const draft = coder(structured).encode(null, { id: 'i-1' });
  expect(draft).toMatchObject({ payload: null, headers: { ce_id: 'i-1', ce_type: 'reading.taken' } });
});

test.each(['ce_', 'ce-', 'cloudEvents:', 'cloudEvents_'])('attributes with the prefix %s are understood', (prefix) => {
  const headers = Object.fromEntries(
    Object.entries({ specversion: '1.0', id: 'i-1', source: '/s', type: 't', colour: 'red' }).map(([name, value]) => [
      prefix + name,
      value,
    ]),
  );
  expect(cloudEventOf({ headers })).toEqual({ specversion: '1.0', id: 'i-1', source: '/s', type: 't', colour: 'red' });
  expect(reader.decode(received(Buffer.from('1'), headers), 'x')).toMatchObject({ id: 'i-1', payload: 1 });
});

test('a message with an id header but no CloudEvent attributes is none', () => {
  expect(cloudEventOf({ headers: { ce_id: 'i-1' } })).toBeUndefined();
  expect(reader.decode(received(Buffer.from('1'), { ce_id: 'i-1' }), 'place')).toMatchObject({ id: 'place' });
});

test('the data of a structured event is held against the schema', () => {
  const draft = coder(structured).encode({ sensor: 'a' });
  expect(() => coder(undefined, Reading).decode(received(draft.payload, draft.headers), 'x')).toThrow(/celsius: must be a number/);
});

test('attributes of a structured event are headers, as of a binary one', () => {
  const event = { specversion: '1.0', id: 'i', source: '/s', type: 't', colour: 'red', data: { a: 1 } };
  const message = reader.decode(
    received(Buffer.from(JSON.stringify(event)), { contentType: 'application/cloudevents+json; charset=utf-8' }),
    'x',
  );
  expect(cloudEventOf(message as { headers: Record<string, HeaderValue> })).toMatchObject({ type: 't', colour: 'red' });
});

test('a structured event keeps its key, also of a message whose fields are decoded when asked for', () => {
  const { payload, headers } = coder(structured).encode({ celsius: 1 });
  class Lazy {
    readonly payload = payload;
    readonly headers = headers;
    readonly timestamp = 9;
    get key() {
      return 'k';
    }
  }
  expect(reader.decode(new Lazy(), 'x')).toMatchObject({ key: 'k', payload: { celsius: 1 } });
});

test('a structured event without its attributes is refused by name', () => {
  expect(() => decode('{"id":"i","source":"/s"}')).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('specversion, type') }),
  );
  expect(() => decode('5')).toThrow(/it lacks/);
});
