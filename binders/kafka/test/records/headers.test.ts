import type { HeaderValue } from '@millrace/messaging/binder';
import { describe, expect, it } from 'vitest';
import { sizedRecord } from '../../src/records/batch-writer.ts';
import type { WireHeader } from '../../src/records/batch-writer.ts';
import { readHeaders } from '../../src/records/header-reader.ts';
import { HeaderWriter } from '../../src/records/header-writer.ts';
import { encodedHeaders } from './encoded-headers.ts';

const typesHeader = 'spring_json_header_types';

function written(headers: Record<string, HeaderValue>): Map<string, string> {
  return new Map(new HeaderWriter().write(headers).map(([name, value]) => [name.toString(), value?.toString('latin1') ?? 'null']));
}

/** The bytes of one header, and the class that is listed for it. */
function encoding(name: string, value: HeaderValue): readonly [bytes: string | undefined, type: string | undefined] {
  const wire = written({ [name]: value });
  return [wire.get(name), (JSON.parse(wire.get(typesHeader)!) as Record<string, string>)[name]];
}

function read(wire: readonly (readonly [name: string, value: string | Buffer])[]): Record<string, HeaderValue> {
  const headers = wire.map(([name, value]): WireHeader => [Buffer.from(name), Buffer.isBuffer(value) ? value : Buffer.from(value)]);
  const bytes = encodedHeaders(headers);
  return { ...readHeaders(bytes, 0, bytes.length) };
}

const listed = (types: Record<string, string>): readonly [string, string] => [typesHeader, JSON.stringify(types)];

describe('headers as a Spring consumer gets them', () => {
  it.each([
    ['text', 'plain', 'plain', 'java.lang.String'],
    ['text', 'é', 'Ã©', 'java.lang.String'],
    ['text', '"quoted', '"\\"quoted"', 'java.lang.String'],
    ['contentType', 'application/json', 'application/json', 'java.lang.String'],
    ['n', 42, '42', 'java.lang.Integer'],
    ['n', -2147483648, '-2147483648', 'java.lang.Integer'],
    ['n', 2147483648, '2147483648', 'java.lang.Long'],
    ['n', 7n, '7', 'java.lang.Long'],
    ['n', 2n ** 63n - 1n, '9223372036854775807', 'java.lang.Long'],
    ['n', 3.25, '3.25', 'java.lang.Double'],
    ['b', true, 'true', 'java.lang.Boolean'],
    ['l', [1, 'a', null], '[1,"a",null]', 'java.util.ArrayList'],
    ['m', { a: { b: 1 } }, '{"a":{"b":1}}', 'java.util.LinkedHashMap'],
    ['bytes', new Uint8Array([0xff, 0xd8]), '\xff\xd8', undefined],
    ['traceparent', '00-1-2-01', '00-1-2-01', undefined],
    ['b3', '1', '1', undefined],
    ['tracestate', 'a=1', 'a=1', 'java.lang.String'],
  ] as const)('%s: %o', (name, value, bytes, type) => {
    expect(encoding(name, value as HeaderValue)).toEqual([bytes, type]);
  });

  it('always has one, so that no consumer looks for headers in the payload', () => {
    expect([...written({})]).toEqual([[typesHeader, '{}']]);
  });
});

describe('headers of dead letters', () => {
  it('are binary numbers and bare text, and not listed', () => {
    const wire = written({
      'x-original-topic': 'orders',
      'x-original-partition': 3,
      'x-original-offset': 4_294_967_296,
      'x-original-timestamp': 1_700_000_000_000,
      'x-original-timestamp-type': 'CreateTime',
      'x-exception-fqcn': 'Error',
      'x-exception-message': '"boom"',
      'x-exception-stacktrace': 'at …',
    });
    expect(wire.get(typesHeader)).toBe('{}');
    expect(wire.get('x-original-topic')).toBe('orders');
    expect(wire.get('x-original-partition')).toBe('\0\0\0\x03');
    expect(wire.get('x-original-offset')).toBe('\0\0\0\x01\0\0\0\0');
    expect(wire.get('x-original-timestamp')).toBe('\0\0\x01\x8b\xcf\xe5\x68\0');
    expect(wire.get('x-exception-message')).toBe('"boom"');
  });

  it('written by Spring are read as numbers and text', () => {
    const offset = Buffer.alloc(8);
    offset.writeBigInt64BE(77n);
    expect(
      read([
        ['x-original-partition', Buffer.from([0, 0, 0, 2])],
        ['x-original-offset', offset],
        ['x-original-timestamp', Buffer.alloc(8)],
        ['x-exception-message', '"boom"; cause'],
      ]),
    ).toEqual({
      'x-original-partition': 2,
      'x-original-offset': 77,
      'x-original-timestamp': 0,
      'x-exception-message': '"boom"; cause',
    });
  });
});

describe('headers from a Spring producer', () => {
  it.each([
    ['application/json', 'application/json'],
    ['"application/json"', 'application/json'],
  ])('contentType %s, listed or not', (wire, value) => {
    expect(read([['contentType', wire], listed({ contentType: 'java.lang.String' })])).toEqual({ contentType: value });
    expect(read([['contentType', wire]])).toEqual({ contentType: value });
  });

  it.each([
    ['java.lang.Integer', '42', 42],
    ['java.lang.Long', '9223372036854775807', 9223372036854775807n],
    ['java.lang.Long', '7', 7],
    ['java.lang.Boolean', 'false', false],
    ['java.lang.Double', '1.5', 1.5],
    ['java.util.UUID', '"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
    ['java.util.ArrayList', '[1,"a"]', [1, 'a']],
    ['java.util.LinkedHashMap', '{"a":1}', { a: 1 }],
    ['com.example.Order', '{"id":1}', { id: 1 }],
    ['java.lang.String', '"not json', '"not json'],
    ['java.lang.String', '', ''],
  ])('of class %s: %s', (type, wire, value) => {
    expect(read([['h', wire], listed({ h: type })])).toEqual({ h: value });
  });

  it('of an unknown class that are not JSON stay bytes', () => {
    expect(read([['h', 'oops{'], listed({ h: 'com.example.Order' })])['h']).toEqual(Buffer.from('oops{'));
  });

  it('that are not listed stay bytes', () => {
    expect(read([['h', 'text'], listed({})])['h']).toEqual(Buffer.from('text'));
  });

  it('that are there twice count as the last one', () => {
    expect(read([['h', 'first'], ['h', 'last'], listed({ h: 'java.lang.String' })])).toEqual({ h: 'last' });
  });

  it('named __proto__ are headers like any other', () => {
    const headers = read([['__proto__', 'x'], listed({})]);
    expect(Object.keys(headers)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('are read though the list of classes is damaged', () => {
    expect(
      read([
        ['contentType', 'text/plain'],
        [typesHeader, '{"oops'],
      ]),
    ).toEqual({ contentType: 'text/plain' });
  });
});

function through(
  headers: Record<string, HeaderValue>,
  change: (wire: readonly WireHeader[]) => readonly WireHeader[] = (wire) => wire,
) {
  const bytes = encodedHeaders(change(new HeaderWriter().write(headers)));
  return { ...readHeaders(bytes, 0, bytes.length) };
}

describe('values that JSON does not bring back', () => {
  const values: Record<string, HeaderValue> = {
    small: 1n,
    huge: 2n ** 80n,
    nothing: null,
    notANumber: NaN,
    infinite: -Infinity,
    minusZero: -0,
    nested: { bytes: new Uint8Array([1, 2]), big: [2n ** 60n] },
  };

  it('come back exactly all the same', () => {
    expect(through(values)).toEqual(values);
  });

  it('give way to what somebody on the way made of the header', () => {
    const got = through({ small: 1n }, (wire) =>
      wire.map(([name, value]) => (name.toString() === 'small' ? [name, Buffer.from('2')] : [name, value])),
    );
    expect(got).toEqual({ small: 2 });
  });
});

it('a record counts the bytes of its headers', () => {
  const headers = new HeaderWriter().write({ a: 'x' });
  const bare = sizedRecord(null, null, [], 0).size;
  expect(sizedRecord(null, null, headers, 0).size - bare).toBe(encodedHeaders(headers).length - 1);
});

describe('a partition that was chosen above the binder', () => {
  it("is written down as Spring's binder does, and not given out as a header", () => {
    const wire = new HeaderWriter().write({ a: 'x' }, 7);
    expect(Object.fromEntries(wire.map(([name, value]) => [name.toString(), value!.toString()]))).toEqual({
      a: 'x',
      scst_partition: '7',
      [typesHeader]: '{"a":"java.lang.String","scst_partition":"java.lang.Integer"}',
    });
    const bytes = encodedHeaders(wire);
    expect(readHeaders(bytes, 0, bytes.length)).toEqual({ a: 'x' });
  });

  it('wins over a header of that name, as of a message that is passed on', () => {
    const wire = new HeaderWriter().write({ scst_partition: 1 }, 2);
    expect(wire.filter(([name]) => name.toString() === 'scst_partition').map(([, value]) => value!.toString())).toEqual(['2']);
  });
});
