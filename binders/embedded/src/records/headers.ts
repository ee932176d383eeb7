import type { Headers, HeaderValue } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import { asBuffer } from './byte-reader.ts';
import type { ByteReader } from './byte-reader.ts';
import { textKind } from './byte-writer.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * Names and strings that take one byte. Part of the stored format: append only, never reorder or remove.
 */
const knownNames = [
  'contentType',
  'mr_id',
  'correlationId',
  'mr_replyTo',
  'traceparent',
  'tracestate',
  'scst_partition',
  'x-original-topic',
  'x-original-partition',
  'x-original-offset',
  'x-original-timestamp',
  'mr_original_group',
  'x-exception-fqcn',
  'x-exception-message',
  'x-exception-stacktrace',
  'mr_attempts',
  'mr_error_code',
  'ce_id',
  'ce_source',
  'ce_specversion',
  'ce_type',
  'ce_time',
  'ce_subject',
] as const;

const knownStrings = [
  'application/json',
  'application/octet-stream',
  'text/plain',
  'application/json;charset=UTF-8',
  'text/plain;charset=UTF-8',
  'application/cloudevents+json',
  'application/avro',
  'application/x-protobuf',
  'application/xml',
  'application/x-java-object',
  '1.0',
] as const;

const nameCodes = new Map<string, number>(knownNames.map((name, i) => [name, i]));
const stringCodes = new Map<string, number>(knownStrings.map((text, i) => [text, i]));
const longestKnownString = Math.max(...knownStrings.map((text) => text.length));

/** Type bytes. 1 to 3 are the text kinds; those from `knownString` on are a known string each. Part of the stored format. */
const tag = {
  null: 0,
  true: 4,
  false: 5,
  integer: 6,
  negativeInteger: 7,
  float: 8,
  bigint: 9,
  negativeBigint: 10,
  bytes: 11,
  list: 12,
  map: 13,
  knownString: 64,
} as const;

/** Name bytes: the text kinds for names that are not known, and from here on a known name each. */
const knownName = 16;

const depthLimit = 64;

/** Writes the number of headers, then name and value of each. */
export function writeHeaders(out: ByteWriter, headers: Headers, depth = 0): void {
  if (depth > depthLimit) throw raise('HEADER_TOO_DEEP', { limit: depthLimit });
  const countAt = out.position;
  out.byte(0);
  let count = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined) continue;
    writeName(out, name);
    writeValue(out, value, depth);
    count++;
  }
  patchCount(out, countAt, count);
}

/** Rarely more than one byte, so that the entries are moved when it is. */
function patchCount(out: ByteWriter, at: number, count: number): void {
  if (count < 0x80) {
    out.bytes[at] = count;
    return;
  }
  const { position: end } = out;
  out.varint(count);
  const size = out.position - end;
  const prefix = Uint8Array.from(out.bytes.subarray(end, out.position));
  out.bytes.copyWithin(at + size, at + 1, end);
  out.bytes.set(prefix, at);
  out.position = end + size - 1;
}

function writeName(out: ByteWriter, name: string): void {
  const code = nameCodes.get(name);
  if (code === undefined) writeText(out, name);
  else out.byte(knownName + code);
}

function writeText(out: ByteWriter, text: string): void {
  const at = out.position;
  out.byte(0);
  const kind = out.text(text);
  out.bytes[at] = kind;
}

function writeValue(out: ByteWriter, value: HeaderValue, depth: number): void {
  if (typeof value === 'string') writeString(out, value);
  else if (typeof value === 'number') writeNumber(out, value);
  else if (typeof value === 'boolean') out.byte(value ? tag.true : tag.false);
  else if (typeof value === 'bigint') writeBigint(out, value);
  else if (value === null) out.byte(tag.null);
  else if (typeof value === 'object') writeObject(out, value, depth);
  else throw raise('HEADER_TYPE', { type: typeof value });
}

function writeString(out: ByteWriter, value: string): void {
  const code = value.length <= longestKnownString ? stringCodes.get(value) : undefined;
  if (code === undefined) writeText(out, value);
  else out.byte(tag.knownString + code);
}

function writeNumber(out: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    out.byte(tag.float);
    out.float(value);
    return;
  }
  out.byte(value < 0 ? tag.negativeInteger : tag.integer);
  out.varint(Math.abs(value));
}

function writeBigint(out: ByteWriter, value: bigint): void {
  out.byte(value < 0n ? tag.negativeBigint : tag.bigint);
  const digits = (value < 0n ? -value : value).toString(16);
  out.block(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}

function writeObject(out: ByteWriter, value: Exclude<HeaderValue, string | number | bigint | boolean | null>, depth: number): void {
  if (value instanceof Uint8Array) {
    out.byte(tag.bytes);
    out.block(value);
  } else if (Array.isArray(value)) {
    if (depth >= depthLimit) throw raise('HEADER_TOO_DEEP', { limit: depthLimit });
    out.byte(tag.list);
    out.varint(value.length);
    for (const item of value as readonly HeaderValue[]) writeValue(out, item ?? null, depth + 1);
  } else {
    out.byte(tag.map);
    writeHeaders(out, value as Headers, depth + 1);
  }
}

/** Reads what {@link writeHeaders} wrote. Byte values are views. */
export function readHeaders(input: ByteReader, depth = 0): Record<string, HeaderValue> {
  if (depth > depthLimit) throw input.malformed('headers are nested too deep');
  const headers: Record<string, HeaderValue> = {};
  for (let left = input.varint(); left > 0; left--) {
    const name = readName(input);
    const value = readValue(input, depth);
    // Assigning to this name would set the prototype instead.
    if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
    else headers[name] = value;
  }
  return headers;
}

function readName(input: ByteReader): string {
  const code = input.byte();
  if (code < knownName) return input.text(code);
  const name = knownNames[code - knownName];
  if (name === undefined) throw input.malformed(`unknown header name ${code}`);
  return name;
}

function readValue(input: ByteReader, depth: number): HeaderValue {
  const type = input.byte();
  if (type >= tag.knownString) return readKnownString(input, type);
  switch (type) {
    case tag.null:
      return null;
    case textKind.latin1:
    case textKind.utf8:
    case textKind.utf16:
      return input.text(type);
    case tag.true:
      return true;
    case tag.false:
      return false;
    case tag.integer:
      return input.varint();
    case tag.negativeInteger:
      return -input.varint();
    case tag.float:
      return input.float();
    case tag.bigint:
      return readBigint(input);
    case tag.negativeBigint:
      return -readBigint(input);
    case tag.bytes:
      return input.block();
    case tag.list:
      return readList(input, depth + 1);
    case tag.map:
      return readHeaders(input, depth + 1);
    default:
      throw input.malformed(`unknown header type ${type}`);
  }
}

function readKnownString(input: ByteReader, type: number): string {
  const text = knownStrings[type - tag.knownString];
  if (text === undefined) throw input.malformed(`unknown header string ${type}`);
  return text;
}

function readBigint(input: ByteReader): bigint {
  return BigInt(`0x${asBuffer(input.block()).toString('hex') || '0'}`);
}

function readList(input: ByteReader, depth: number): HeaderValue[] {
  if (depth > depthLimit) throw input.malformed('headers are nested too deep');
  const items: HeaderValue[] = [];
  for (let left = input.varint(); left > 0; left--) items.push(readValue(input, depth));
  return items;
}
