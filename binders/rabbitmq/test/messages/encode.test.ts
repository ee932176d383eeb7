import type { Headers, HeaderValue } from '@millrace/messaging/binder';
import { describe, expect, it } from 'vitest';
import { encode } from '../../src/messages/encode.ts';

const timestamp = 1_700_000_000_123;
const headersOf = (headers: Headers, isStream = false): Record<string, unknown> => ({
  ...(encode({ payload: new Uint8Array(0), headers, timestamp }, isStream).options.headers as object),
});

describe('encode', () => {
  it('makes properties of the headers that Spring maps to them', () => {
    const headers = {
      contentType: 'application/json',
      mr_id: 'i',
      correlationId: 'c',
      mr_replyTo: 'r',
      amqp_type: 't',
      amqp_appId: 'a',
      amqp_contentEncoding: 'gzip',
      priority: 3,
    };
    const { options } = encode({ payload: null, headers, timestamp });
    expect(options).toMatchObject({
      contentType: 'application/json',
      messageId: 'i',
      correlationId: 'c',
      replyTo: 'r',
      type: 't',
      appId: 'a',
      contentEncoding: 'gzip',
      priority: 3,
      persistent: true,
      mandatory: true,
      timestamp: 1_700_000_000,
    });
    expect({ ...(options.headers as object) }).toEqual({
      mr_tombstone: true,
      timestamp_in_ms: { '!': 'long', value: timestamp },
    });
  });

  it.each<[HeaderValue, unknown]>([
    [42, { '!': 'int', value: 42 }],
    [-(2 ** 31), { '!': 'int', value: -(2 ** 31) }],
    [2 ** 31, { '!': 'long', value: 2 ** 31 }],
    [2n ** 60n, { '!': 'long', value: 2n ** 60n }],
    [3.25, { '!': 'double', value: 3.25 }],
    [-0, { '!': 'double', value: -0 }],
    [Number.NaN, { '!': 'double', value: Number.NaN }],
    [true, true],
    ['text', 'text'],
    [null, null],
    [new Uint8Array([1, 2]), Buffer.from([1, 2])],
    [
      ['a', 1],
      ['a', { '!': 'int', value: 1 }],
    ],
    [{ deep: [true] }, { deep: [true] }],
  ])('writes %s with the type that Spring expects', (value, written) => {
    expect(headersOf({ h: value })['h']).toEqual(written);
  });

  it('does not send what only means something on the way', () => {
    const sent = headersOf({ scst_partition: 1, sourceData: 'x', deliveryAttempt: 2, rabbitmq_streamContext: 'x', kept: 'k' });
    expect(Object.keys(sent)).toEqual(['kept', 'timestamp_in_ms']);
  });

  it('lets no header decide where copies go', () => {
    expect(Object.keys(headersOf({ CC: ['elsewhere'], BCC: ['elsewhere'] }))).toEqual([
      'mr_escaped_CC',
      'mr_escaped_BCC',
      'timestamp_in_ms',
    ]);
  });

  it('keeps what is too long for a property in the header table', () => {
    const long = 'c'.repeat(256);
    expect(headersOf({ correlationId: long })['correlationId']).toBe(long);
  });

  it('tells streams more, since they keep no lists, maps and bytes', () => {
    const headers = { list: ['a'], text: 't' };
    expect(headersOf(headers)['mr_exact_headers']).toBeUndefined();
    expect(headersOf(headers, true)['mr_exact_headers']).toBe('[["list",["l",["a"]]]]');
  });

  it.each<[string, Headers]>([
    ["'!' within a header", { h: { '!': 'int' } }],
    ['a name of 256 bytes', { ['n'.repeat(256)]: 1 }],
    ['an integer beyond 64 bits', { h: 2n ** 64n }],
  ])('refuses %s', (_, headers) => {
    expect(() => headersOf(headers)).toThrow(TypeError);
  });
});
