import type { WireHeader } from '../../src/records/batch-writer.ts';
import { varintSize, writeVarint } from '../../src/records/varint.ts';

/** Headers as they lie in a record, with their number before them. */
export function encodedHeaders(headers: readonly WireHeader[]): Buffer {
  const parts = [varint(headers.length)];
  for (const [name, value] of headers) parts.push(varint(name.length), name, varint(value?.length ?? -1), value ?? Buffer.alloc(0));
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(varintSize(value));
  writeVarint(bytes, 0, value);
  return bytes;
}
