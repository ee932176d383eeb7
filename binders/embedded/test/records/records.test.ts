import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeaderValue } from '@millrace/messaging/binder';
import { countRecords, cutRecords, decodeRecords, encodeRecords } from '../../src/records/records.ts';
import type { RecordInput } from '../../src/records/records.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', minLength: 40 }),
  fc.constant('\ud800'),
);
const bytes = fc.uint8Array({ maxLength: 300 });

const { value: headerValue } = fc.letrec<{ value: HeaderValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.constantFrom('application/json', 'text/plain', '1.0'),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    bytes,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

const headers = fc.dictionary(
  fc.oneof(text, fc.constantFrom('contentType', 'mr_id', 'traceparent', '__proto__', 'constructor', '7')),
  headerValue,
  { noNullPrototype: true },
);

const message: fc.Arbitrary<RecordInput> = fc.record({
  payload: fc.option(fc.oneof(bytes, fc.uint8Array({ minLength: 16_000, maxLength: 20_000 })), { freq: 5 }),
  headers,
  key: fc.option(fc.oneof(text, bytes), { nil: undefined }),
  timestamp: fc.option(fc.maxSafeInteger().map(Math.abs), { nil: undefined }),
  attributes: fc.option(bytes, { nil: undefined }),
});

/** What was put in, as it should come out: byte values are compared by content whatever their class. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([name, item]) => [name, plain(item)]);
}

const view = ({ payload, headers: all, key, timestamp, attributes }: RecordInput) =>
  plain([payload, Object.entries(all).map(([name, value]) => [name, value]), key, timestamp, attributes]);

const now = 1_800_000_000_000;

const at = (timestamp: number) => ({ payload: null, headers: {}, timestamp });
const withHeader = (value: unknown) => () => encodeRecords([{ payload: null, headers: { value: value as HeaderValue } }], now);

function decode(messages: readonly RecordInput[], baseOffset = 0) {
  const { bytes: encoded, firstTime } = encodeRecords(messages, now);
  return [...decodeRecords({ bytes: encoded, baseOffset, firstTime })];
}

describe('encodeRecords and decodeRecords', () => {
  it('keep every field of every message exactly', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.nat(), (messages, base) => {
        const records = decode(messages, base);
        expect(records.map((record) => record.offset)).toEqual(messages.map((_, i) => base + i));
        expect(records.map(view)).toEqual(messages.map((each) => view({ ...each, timestamp: each.timestamp ?? now })));
        expect(records.map((record) => record.tombstone)).toEqual(messages.map((each) => each.payload === null));
      }),
      { numRuns: 300 },
    );
  });

  it('keep negative zero, not-a-number and integers beyond 2^53 apart', () => {
    const values = {
      a: -0,
      b: Number.NaN,
      c: 2n ** 64n,
      d: -(2n ** 63n),
      e: Number.MAX_SAFE_INTEGER,
      f: -1,
      g: 2 ** 60,
      h: Infinity,
    };
    expect(decode([{ payload: null, headers: values }])[0]!.headers).toStrictEqual(values);
  });

  it('keep more headers and longer blocks than one length byte can count', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`name-${i}`, `value ${i}`.repeat(10)]));
    const nested = { list: Object.values(many), map: many };
    const records = decode([
      { payload: new Uint8Array(5), headers: many },
      { payload: null, headers: nested },
    ]);
    expect(records.map((record) => record.headers)).toEqual([many, nested]);
  });

  it('share the headers of a neighbour that has the same, and only of such a one', () => {
    const all = [{ a: 'x' }, { a: 'x' }, { a: 'y' }, { a: 'xy' }, {}, { a: 'x' }];
    const batch = encodeRecords(
      all.map((each) => ({ payload: new Uint8Array(1), headers: each })),
      now,
    );
    const views = [...decodeRecords({ bytes: batch.bytes, baseOffset: 0, firstTime: now })];
    const read = views.map((record) => record.headers);
    expect(read).toEqual(all);
    expect(read[1]).toBe(read[0]);
    expect(Object.isFrozen(read[1])).toBe(true);
    expect(views.toReversed().map((record) => record.headers)).toEqual(all.toReversed());
  });

  it('tell the time span, also where times are out of order', () => {
    expect(encodeRecords([at(5), at(3), at(9)], now)).toMatchObject({ count: 3, firstTime: 3, lastTime: 9 });
    expect(encodeRecords([{ payload: null, headers: {} }], now)).toMatchObject({ firstTime: now, lastTime: now });
  });

  it('spend few bytes beside the payload', () => {
    const { bytes: encoded } = encodeRecords([{ payload: new Uint8Array(200), headers: { contentType: 'application/json' } }], now);
    expect(encoded.length).toBeLessThanOrEqual(210);
  });

  it('refuse what cannot be stored', () => {
    let deep: HeaderValue = [];
    for (let i = 0; i < 100; i++) deep = [deep];
    expect(withHeader(deep)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', reason: 'HEADER_TOO_DEEP' }));
    expect(withHeader(() => 1)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', reason: 'HEADER_TYPE' }));
    for (const timestamp of [-1, 1.5, Number.NaN])
      expect(() => encodeRecords([{ payload: null, headers: {}, timestamp }], now)).toThrow(
        expect.objectContaining({ reason: 'TIMESTAMP_INVALID' }),
      );
  });
});

describe('keyIdentity', () => {
  it('is equal for equal keys only and tells text from bytes', () => {
    const keys = ['a', Uint8Array.of(97), 'ā', '\ud800', undefined];
    const ids = decode([...keys, ...keys].map((key) => ({ payload: null, headers: {}, key }))).map((record) => record.keyIdentity);
    expect(ids.slice(0, 5)).toEqual(ids.slice(5));
    expect(new Set(ids).size).toBe(5);
    expect(ids[4]).toBeUndefined();
  });
});

describe('cutRecords', () => {
  it('keeps the picked records with their offsets, times and content', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), fc.nat(255), (messages, mask) => {
        const { bytes: encoded, firstTime } = encodeRecords(messages, now);
        const position = { bytes: encoded, baseOffset: 100, firstTime };
        const keep = (offset: number) => (mask & (1 << (offset - 100))) !== 0;
        const cut = cutRecords(position, (record) => keep(record.offset));
        const after = [...decodeRecords({ ...position, bytes: cut.bytes })];
        const expected = [...decodeRecords(position)].filter((record) => keep(record.offset));
        expect(after.map((record) => [record.offset, view(record)])).toEqual(
          expected.map((record) => [record.offset, view(record)]),
        );
        expect(cut.kept).toBe(expected.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe('countRecords', () => {
  it('counts the records of sound bytes', () => {
    const { bytes: encoded } = encodeRecords(
      [
        { payload: null, headers: { a: [1, 'b'] }, key: 'k' },
        { payload: new Uint8Array(3), headers: {} },
      ],
      now,
    );
    expect(countRecords(encoded)).toBe(2);
  });

  it('accepts or refuses any bytes in a bounded way', () => {
    const { bytes: sound } = encodeRecords(
      [{ payload: null, headers: { a: [1, 'b', { c: null }] }, key: 'k', attributes: Uint8Array.of(1) }],
      now,
    );
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), (position, value) => {
        const altered = Uint8Array.from(sound);
        altered[position] = value;
        try {
          countRecords(altered);
          for (const record of decodeRecords({ bytes: altered, baseOffset: 0, firstTime: 0 }))
            void [record.key, record.attributes, record.headers, record.payload];
        } catch (error) {
          expect(error).toMatchObject({ code: 'DATA_LOSS', reason: 'RECORD_MALFORMED' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a batch that was cut short or whose offsets do not count from 0', () => {
    const messages = [1, 2, 3].map(() => ({ payload: new Uint8Array(10), headers: {} }));
    const { bytes: encoded, firstTime } = encodeRecords(messages, now);
    expect(() => countRecords(encoded.subarray(0, encoded.length - 1))).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
    const cut = cutRecords({ bytes: encoded, baseOffset: 0, firstTime }, (record) => record.offset !== 1);
    expect(() => countRecords(cut.bytes)).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
  });
});
