import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { split } from '../../src/messages/split.ts';
import { received } from '../message.ts';

/** As Spring's SimpleBatchingStrategy packs. */
function batched(...parts: readonly string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(part));
      return [length, Buffer.from(part)];
    }),
  );
}

const batch = { springBatchFormat: 'lengthHeader4', amqp_batchSize: 2, kept: 'k' };
const payloads = (message: Parameters<typeof split>[0]) => split(message, {}).map(({ payload }) => String(payload));

describe('split', () => {
  it("takes Spring's batches apart, with the headers of the first for all", () => {
    const parts = split(received(batched('one', 'two'), { headers: batch }), {});
    expect(parts.map(({ payload, headers }) => [String(payload), headers])).toEqual([
      ['one', { kept: 'k' }],
      ['two', { kept: 'k' }],
    ]);
  });

  it.each([
    ['with the header that Spring wants', { springAutoDecompress: true }],
    ['with the content encoding alone', {}],
  ])('unpacks gzip %s', (_, headers) => {
    expect(payloads(received(gzipSync('whole'), { contentEncoding: 'gzip', headers }))).toEqual(['whole']);
  });

  it('unpacks a compressed batch', () => {
    const headers = { ...batch, springAutoDecompress: true };
    expect(payloads(received(gzipSync(batched('one', 'two')), { contentEncoding: 'gzip', headers }))).toEqual(['one', 'two']);
  });

  it.each([
    ['lengths that do not add up', received(Buffer.from([0, 0, 0, 9, 1]), { headers: batch })],
    ['what is not gzip', received('plain', { contentEncoding: 'gzip' })],
    ['encodings of others', received('plain', { contentEncoding: 'br' })],
  ])('passes on %s as it came', (_, message) => {
    const [whole, ...more] = split(message, {});
    expect([whole!.payload, more]).toEqual([message.content, []]);
  });
});
