import { headerNames } from '@millrace/messaging/binder';
import type { Headers, HeaderValue } from '@millrace/messaging/binder';
import { exactValues, failureEncodings, javaTypes, rawTexts } from './header-names.ts';
import { HeaderWriter } from './header-writer.ts';
import { untagged } from './exact-values.ts';
import { VarintReader } from './varint.ts';

const quote = 0x22;
const contentType = 'contentType';

/** Decodes the headers of a record that lie at `at`. Of a name that is there twice, the last one counts. */
export function readHeaders(bytes: Buffer, at: number, end: number): Headers {
  const wire = wireHeaders(bytes, at, end);
  const types = typesIn(wire.get(javaTypes));
  const exact = wire.get(exactValues);
  wire.delete(javaTypes);
  wire.delete(exactValues);
  // The message tells its partition itself.
  wire.delete(headerNames.partition);
  const headers: Record<string, HeaderValue> = {};
  for (const [name, value] of wire) define(headers, name, decode(name, value, types?.get(name)));
  return exact === undefined ? headers : withExact(headers, exact, wire);
}

function wireHeaders(bytes: Buffer, at: number, end: number): Map<string, Buffer> {
  const input = new VarintReader(bytes, at, end);
  const wire = new Map<string, Buffer>();
  for (let left = input.next(); left > 0; left--) {
    const name = take(input).toString();
    wire.set(name, take(input));
  }
  return wire;
}

function take(input: VarintReader): Buffer {
  const length = Math.max(0, input.next());
  if (length > input.end - input.at) throw new RangeError('a header goes beyond the end of its record');
  const bytes = input.bytes.subarray(input.at, input.at + length);
  input.at += length;
  return bytes;
}

function typesIn(bytes: Buffer | undefined): ReadonlyMap<string, unknown> | undefined {
  const listed = bytes === undefined ? undefined : parsed(bytes.toString());
  return typeof listed === 'object' && listed !== null ? new Map(Object.entries(listed)) : undefined;
}

function decode(name: string, bytes: Buffer, type: unknown): HeaderValue {
  if (typeof type === 'string') return decodeListed(bytes, type);
  const failure = failureEncodings.get(name)?.read(bytes);
  if (failure !== undefined) return failure;
  if (rawTexts.has(name) || name === contentType) return decodeText(bytes, name === contentType);
  return bytes;
}

/** What cannot be read as its class says stays bytes. Classes are never loaded: a name from outside means nothing here. */
function decodeListed(bytes: Buffer, type: string): HeaderValue {
  if (type === 'java.lang.String') return decodeText(bytes, true);
  const json = bytes.toString();
  if (/^-?\d+$/.test(json)) return integer(json);
  return (parsed(json) as HeaderValue | undefined) ?? bytes;
}

function decodeText(bytes: Buffer, mayBeJson: boolean): string {
  const raw = bytes.toString();
  if (!mayBeJson || bytes[0] !== quote) return raw;
  const value = parsed(raw);
  return typeof value === 'string' ? value : raw;
}

function integer(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** An exact value counts only while the header beside it is the one it was written with: on the way somebody may have changed that. */
function withExact(headers: Record<string, HeaderValue>, exact: Buffer, wire: ReadonlyMap<string, Buffer>): Headers {
  const listed = parsed(exact.toString());
  if (!Array.isArray(listed)) return headers;
  const writer = new HeaderWriter();
  for (const entry of listed as unknown[]) {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string') continue;
    const [name, content] = entry as [string, unknown];
    const value = exactOf(content);
    if (value === undefined) continue;
    const [[, bytes]] = writer.write(single(name, value)) as [[Buffer, Buffer]];
    if (wire.get(name)?.equals(bytes) === true) define(headers, name, value);
  }
  return headers;
}

function exactOf(content: unknown): HeaderValue | undefined {
  try {
    return untagged(content);
  } catch {
    return undefined;
  }
}

function single(name: string, value: HeaderValue): Headers {
  const headers: Record<string, HeaderValue> = {};
  define(headers, name, value);
  return headers;
}

/** Names come from outside: `__proto__` must be a name like any other. */
function define(headers: Record<string, HeaderValue>, name: string, value: HeaderValue): void {
  if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  else headers[name] = value;
}
