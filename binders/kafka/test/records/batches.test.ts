import * as library from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleBatches } from '../../src/records/aborted.ts';
import { readBatches, RecordCursor } from '../../src/records/batch-reader.ts';
import type { StoredBatch } from '../../src/records/batch-reader.ts';
import { sizedRecord, writeBatch } from '../../src/records/batch-writer.ts';
import type { WireRecord } from '../../src/records/batch-writer.ts';
import { VarintReader, varintSize, writeVarint } from '../../src/records/varint.ts';

const place = { destination: 'd', partition: 0 };
const identity = { producerId: 5n, epoch: 1, sequence: 7, transactional: false };

const bytes = fc.uint8Array({ maxLength: 300 });
const record = fc
  .record({
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.array(fc.tuple(fc.string(), fc.option(bytes))),
    timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  })
  .map(({ key, value, headers, timestamp }) =>
    sizedRecord(
      key,
      value,
      headers.map(([name, content]) => [Buffer.from(name), content === null ? null : Buffer.from(content)] as const),
      timestamp,
    ),
  );

function contents(batch: StoredBatch): unknown[] {
  const cursor = new RecordCursor(batch);
  const found: unknown[] = [];
  while (!cursor.isAtEnd) {
    const { offset, timestamp, keyAt, keyLength, valueAt, valueLength } = cursor.next();
    const part = (at: number, length: number) => (length < 0 ? null : batch.records.toString('hex', at, at + length));
    found.push([offset, timestamp, part(keyAt, keyLength), part(valueAt, valueLength)]);
  }
  return found;
}

const hex = (part: Uint8Array | null): string | null => (part === null ? null : Buffer.from(part).toString('hex'));
const expected = (records: readonly WireRecord[]): unknown[] =>
  records.map(({ key, value, timestamp }, offset) => [offset, timestamp, hex(key), hex(value)]);

describe('a batch', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('comes back as it was written (%s)', (compression) => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const [batch] = readBatches(library, writeBatch(library, records, identity, compression), place);
        expect(contents(batch!)).toEqual(expected(records));
        expect(batch!.next).toBe(records.length);
      }),
      { numRuns: 50 },
    );
  });

  it("is read by the client library's own decoder", () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 10 }), (records) => {
        const batch = library.readRecordsBatch(library.Reader.from(writeBatch(library, records, identity, 'none')));
        expect([batch.producerId, batch.producerEpoch, batch.firstSequence, batch.magic]).toEqual([5n, 1, 7, 2]);
        const read = batch.records.map(({ key, value, timestampDelta, offsetDelta }) => [
          offsetDelta,
          Number(batch.firstTimestamp + timestampDelta),
          hex(key),
          hex(value),
        ]);
        expect(read).toEqual(expected(records));
      }),
      { numRuns: 50 },
    );
  });

  it('that was altered is refused', () => {
    const written = writeBatch(library, [sizedRecord(null, Buffer.from('x'), [], 1)], identity, 'none');
    written[written.length - 2]! ^= 1;
    expect(() => readBatches(library, written, place)).toThrow(
      expect.objectContaining({ code: 'DATA_LOSS', reason: 'BATCH_CORRUPT' }),
    );
  });

  it('that was cut off by the limit of a fetch is left out', () => {
    const written = writeBatch(library, [sizedRecord(null, Buffer.from('x'), [], 1)], identity, 'none');
    const two = Buffer.concat([written, written.subarray(0, -1)]);
    expect(readBatches(library, two, place)).toHaveLength(1);
  });

  it('of the format before 0.11 is refused by name', () => {
    const old = Buffer.alloc(70);
    old.writeInt32BE(58, 8);
    old.writeInt8(1, 16);
    expect(() => readBatches(library, old, place)).toThrow(expect.objectContaining({ reason: 'RECORD_FORMAT_OLD' }));
  });

  it('of garbage is refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.integer({ min: 0, max: 20 }), (garbage, count) => {
        const cursor = new RecordCursor({ ...base(0), count, records: Buffer.from(garbage) });
        try {
          for (let reads = 0; !cursor.isAtEnd && reads < 20; reads++) cursor.next();
        } catch (error) {
          expect(error).toMatchObject({ code: 'DATA_LOSS' });
        }
      }),
    );
  });
});

describe('integers', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        // Zigzag doubles: a record has no number near the limit.
        const number = Math.trunc(value / 4) || 0;
        const written = Buffer.alloc(varintSize(number));
        expect(writeVarint(written, 0, number)).toBe(written.length);
        expect(new VarintReader(written).next()).toBe(number);
      }),
    );
  });
});

function base(offset: number, count = 1): StoredBatch {
  return {
    base: offset,
    next: offset + count,
    count,
    isTransactional: false,
    isControl: false,
    producerId: -1n,
    baseTimestamp: 0,
    appendTime: undefined,
    records: Buffer.alloc(0),
  };
}

const data = (offset: number, producerId: bigint): StoredBatch => ({ ...base(offset), isTransactional: true, producerId });

const marker = (offset: number, producerId: bigint, type: 0 | 1): StoredBatch => {
  const key = Buffer.from([0, 0, 0, type]);
  const [written] = readBatches(library, writeBatch(library, [sizedRecord(key, Buffer.alloc(6), [], 1)], identity, 'none'), place);
  return { ...written!, base: offset, next: offset + 1, isTransactional: true, isControl: true, producerId };
};

const offsets = (batches: readonly StoredBatch[]): number[] => batches.map((batch) => batch.base);

describe('aborted transactions', () => {
  it('of one producer are all hidden, and what it commits is not', () => {
    const batches = [data(0, 1n), marker(1, 1n, 0), data(2, 1n), marker(3, 1n, 1), data(4, 1n), data(5, 1n), marker(6, 1n, 0)];
    const aborted = [
      { producerId: 1n, firstOffset: 4 },
      { producerId: 1n, firstOffset: 0 },
    ];
    expect(offsets(visibleBatches(batches, aborted))).toEqual([2]);
  });

  it('that go on beyond what was fetched are hidden as far as it goes', () => {
    expect(offsets(visibleBatches([data(10, 1n), data(11, 2n), base(12)], [{ producerId: 1n, firstOffset: 3 }]))).toEqual([11, 12]);
  });
});
