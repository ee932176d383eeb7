import { expect, test } from 'vitest';
import { CodecRegistry, decodeWith, encodeWith, essence, isTextual, naturalContentType } from '../../src/policies/codec.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const named = (contentType: string) => ({ contentType, encode: () => bytes(contentType), decode: () => contentType });
const registry = new CodecRegistry();
const decode = (text: string) => registry.find('application/json').decode(bytes(text), 'application/json');
const roundTrip = (payload: unknown, contentType: string) => {
  const codec = registry.find(contentType);
  return codec.decode(codec.encode(payload), contentType);
};

test.each([
  ['application/json', { a: [1, null, 'x'] }],
  ['application/vnd.acme+json; charset=utf-8', { a: 1 }],
  ['"application/json"', [1, 2]],
  ['text/plain', 'grüße'],
  ['text/csv', 'a,b'],
  ['application/xml', '<a/>'],
])('%s carries its payload there and back', (contentType, payload) => {
  expect(roundTrip(payload, contentType)).toEqual(payload);
});

test('unknown types are bytes as they are', () => {
  const image = new Uint8Array([0xff, 0xd8, 0]);
  expect(registry.find('image/jpeg').encode(image)).toBe(image);
  expect(registry.find('image/jpeg').decode(image, 'image/jpeg')).toBe(image);
});

test('a string under JSON is JSON text already, as Spring has it', () => {
  expect(Buffer.from(registry.find('application/json').encode('{"a":1}')).toString()).toBe('{"a":1}');
});

test('JSON that is plain text is read as a string, but broken JSON is an error', () => {
  expect(decode('2026-01-01 10:00')).toBe('2026-01-01 10:00');
  expect(decode('42')).toBe(42);
  for (const broken of ['{"a":', ' [1,', '"x']) expect(() => decode(broken)).toThrow(SyntaxError);
});

test('errors name the destination and the content type', () => {
  const expected = { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/'orders'.*application\/json/) };
  expect(() => decodeWith(registry.find('application/json'), bytes('{'), 'application/json', 'orders')).toThrow(
    expect.objectContaining(expected),
  );
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  expect(() => encodeWith(registry.find('application/json'), cyclic, 'application/json', 'orders')).toThrow(
    expect.objectContaining(expected),
  );
  expect(() => encodeWith(registry.find('application/json'), undefined, 'application/json', 'orders')).toThrow(
    expect.objectContaining(expected),
  );
  expect(() => encodeWith(registry.find('text/plain'), {}, 'text/plain', 'orders')).toThrow(/object is not text/);
});

test('codecs of the user come first, by exact type, suffix or family', () => {
  const own = new CodecRegistry([named('application/*+avro'), named('image/*'), named('application/json')]);
  expect(own.find('application/vnd.x.v2+avro').contentType).toBe('application/*+avro');
  expect(own.find('image/png').contentType).toBe('image/*');
  expect(own.find('application/json; charset=utf-8').contentType).toBe('application/json');
  expect(own.find('text/plain').contentType).toBe('text/*');
});

test('types are told textual from binary', () => {
  for (const type of [
    'text/html',
    'application/json',
    '"application/json"',
    'application/a+json',
    'application/a+xml',
    'application/xml',
  ]) {
    expect(isTextual(type), type).toBe(true);
  }
  for (const type of ['application/octet-stream', 'image/png', 'application/avro']) expect(isTextual(type), type).toBe(false);
  expect(essence('"Application/JSON;charset=utf-8"')).toBe('application/json');
});

test('without a content type the payload says what it is', () => {
  expect([{}, 1, 'x', new Uint8Array()].map(naturalContentType)).toEqual([
    'application/json',
    'application/json',
    'text/plain',
    'application/octet-stream',
  ]);
});
