import { describe, expect, it } from 'vitest';
import { decode, redeliveriesOf } from '../../src/messages/decode.ts';
import { encode } from '../../src/messages/encode.ts';
import { received } from '../message.ts';

describe('decode', () => {
  it('reads what Spring sends', () => {
    const message = received('{"n":1}', {
      contentType: 'application/json',
      messageId: 'c7e3',
      correlationId: 'c',
      timestamp: 1_700_000_000,
      deliveryMode: 2,
      priority: 0,
      headers: {
        text: 't',
        n: 5,
        when: { '!': 'timestamp', value: 1_700_000_000 },
        price: { '!': 'decimal', value: { places: 2, digits: 1234 } },
      },
    });
    expect(decode(message)).toEqual({
      payload: Buffer.from('{"n":1}'),
      headers: {
        contentType: 'application/json',
        mr_id: 'c7e3',
        correlationId: 'c',
        priority: 0,
        text: 't',
        n: 5,
        when: 1_700_000_000_000,
        price: 12.34,
      },
      key: undefined,
      timestamp: 1_700_000_000_000,
    });
  });

  it('hides what the server and this binder add', () => {
    const headers = {
      'x-stream-offset': 7,
      'x-delivery-count': 2,
      'x-acquired-count': 3,
      timestamp_in_ms: 5,
      mr_key: 'k',
      kept: 'x',
    };
    const message = decode(received('x', { messageId: '~mr.abc.1', headers }));
    expect(message).toMatchObject({ headers: { kept: 'x' }, key: 'k', timestamp: 5 });
    expect(Object.keys(message.headers)).toEqual(['kept']);
  });

  it('tells a tombstone from an empty payload', () => {
    expect(decode(received('', { headers: { mr_tombstone: true } })).payload).toBeNull();
    expect(decode(received('')).payload).toEqual(Buffer.alloc(0));
  });

  it('brings back exactly what the wire does not', () => {
    const headers = { big: 2n ** 60n, list: [1n, 'a', new Uint8Array([255])], CC: 'here' };
    const { options } = encode({ payload: null, headers, key: new Uint8Array([255, 0]) }, true);
    // As a stream gives it back: no lists, bytes as text, integers rounded.
    const table = { ...(options.headers as object), big: Number(2n ** 60n), list: undefined };
    const message = decode(received('', { headers: table }));
    expect(message.headers).toEqual(headers);
    expect(message.key).toEqual(new Uint8Array([255, 0]));
  });

  it('does not trust exact values that are none', () => {
    const message = decode(received('', { headers: { mr_exact_headers: '[["a",["x",1]]]', a: 1 } }));
    expect(message.headers).toEqual({ a: 1 });
  });

  it('forgets how a command was delayed, not how it died elsewhere', () => {
    const delays = [{ queue: 'q.mr-delay.3' }, { queue: 'q.mr-delay.0' }];
    const travelled = { 'x-death': delays, 'x-first-death-queue': 'q.mr-delay.3', kept: 1 };
    expect(decode(received('', { headers: travelled })).headers).toEqual({ kept: 1 });
    const died = { 'x-death': [...delays, { queue: 'other' }], 'x-first-death-queue': 'q.mr-delay.3' };
    expect(decode(received('', { headers: died })).headers).toEqual({ 'x-death': [{ queue: 'other' }] });
  });

  it("tells a command's id beside its headers", () => {
    expect(decode(received('', { messageId: 'c1', priority: 4 }), { isCommand: true }).headers).toEqual({});
  });
});

describe('redeliveriesOf', () => {
  it.each([
    ['a first delivery', {}, false, 0],
    ['a classic queue, which only tells first from later', {}, true, 1],
    ['a quorum queue of 3.10', { 'x-delivery-count': 3 }, true, 3],
    [
      'a quorum queue of 4.3, after returns that count and some that do not',
      { 'x-delivery-count': 1, 'x-acquired-count': 4 },
      true,
      4,
    ],
  ])('%s', (_, headers, redelivered, count) => {
    expect(redeliveriesOf(received('', { headers }, redelivered))).toBe(count);
  });
});
