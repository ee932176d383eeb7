import { headerNames } from '@millrace/messaging/binder';
import type { Headers, HeaderValue } from '@millrace/messaging/binder';
import type { WireHeader } from './batch-writer.ts';
import { tagged } from './exact-values.ts';
import { exactValues, failureEncodings, javaTypes, rawTexts } from './header-names.ts';

/** A value on the wire: its bytes, its Java class where one is listed, and whether a reader of Spring's form gets something else. */
interface Encoded {
  readonly bytes: Buffer;
  readonly type?: string;
  readonly isInexact?: boolean;
}

const stringClass = 'java.lang.String';
const empty = Buffer.alloc(0);
const mostNames = 1000;

/** Encodes headers as Spring Cloud Stream does: text as it is, other values as JSON, their Java classes in a header of their own. */
export class HeaderWriter {
  // Names and lists of types repeat from message to message.
  readonly #names = new Map<string, Buffer>();
  readonly #types = new Map<string, Buffer>();

  /** `partition`: the one that was chosen above the binder, if any; Spring writes it down. */
  write(headers: Headers, partition?: number): readonly WireHeader[] {
    const wire: WireHeader[] = [];
    const types: [string, string][] = [];
    const inexact: [string, HeaderValue][] = [];
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined || (partition !== undefined && name === headerNames.partition)) continue;
      const encoded = encode(name, value);
      wire.push([this.#name(name), encoded.bytes]);
      if (encoded.type !== undefined) types.push([name, encoded.type]);
      if (encoded.isInexact === true) inexact.push([name, value]);
    }
    if (partition !== undefined) {
      wire.push([this.#name(headerNames.partition), Buffer.from(String(partition))]);
      types.push([headerNames.partition, 'java.lang.Integer']);
    }
    if (inexact.length > 0)
      wire.push([this.#name(exactValues), Buffer.from(JSON.stringify(inexact.map(([name, value]) => [name, tagged(value)])))]);
    // Always there: a record without headers would make a Spring consumer look for headers embedded in the payload.
    wire.push([this.#name(javaTypes), this.#typeList(types)]);
    return wire;
  }

  #name(name: string): Buffer {
    return cached(this.#names, name, () => Buffer.from(name));
  }

  #typeList(types: readonly (readonly [string, string])[]): Buffer {
    let key = '';
    for (const [name, type] of types) key += `${name}\0${type}\0`;
    return cached(this.#types, key, () => Buffer.from(JSON.stringify(Object.fromEntries(types))));
  }
}

function cached(cache: Map<string, Buffer>, key: string, make: () => Buffer): Buffer {
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (cache.size >= mostNames) cache.clear();
  const made = make();
  cache.set(key, made);
  return made;
}

function encode(name: string, value: HeaderValue): Encoded {
  const failure = failureEncodings.get(name)?.write(value);
  if (failure !== undefined) return { bytes: failure };
  if (typeof value === 'string') return encodeText(name, value);
  if (value instanceof Uint8Array) return { bytes: asBuffer(value) };
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'bigint') return encodeBigint(value);
  if (typeof value === 'boolean') return { bytes: Buffer.from(String(value)), type: 'java.lang.Boolean' };
  if (value === null) return { bytes: empty, isInexact: true };
  return encodeTree(value);
}

function encodeText(name: string, value: string): Encoded {
  if (rawTexts.has(name)) return { bytes: Buffer.from(value) };
  // A receiver takes what begins with a quote for JSON.
  return { bytes: Buffer.from(value.startsWith('"') ? JSON.stringify(value) : value), type: stringClass };
}

function encodeNumber(value: number): Encoded {
  if (!Number.isInteger(value) || Object.is(value, -0)) {
    const isInexact = !Number.isFinite(value) || value === 0;
    return {
      bytes: Buffer.from(Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`),
      type: 'java.lang.Double',
      isInexact,
    };
  }
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return { bytes: Buffer.from(String(value)), type: 'java.lang.Double' };
  return { bytes: Buffer.from(String(value)), type: value === (value | 0) ? 'java.lang.Integer' : 'java.lang.Long' };
}

function encodeBigint(value: bigint): Encoded {
  const fits = BigInt.asIntN(64, value) === value;
  const looksLikeNumber = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return {
    bytes: Buffer.from(String(value)),
    type: fits ? 'java.lang.Long' : 'java.math.BigInteger',
    isInexact: !fits || looksLikeNumber,
  };
}

function encodeTree(value: Exclude<HeaderValue, string | number | bigint | boolean | null | Uint8Array>): Encoded {
  let isInexact = false;
  const json = JSON.stringify(value, function (this: Record<string, unknown>, key: string, shown: unknown) {
    // Buffers have a toJSON that is called before.
    const each = this[key];
    if (each instanceof Uint8Array || typeof each === 'bigint') isInexact = true;
    if (each instanceof Uint8Array) return Buffer.from(each).toString('base64');
    if (typeof each === 'bigint') return rawJson(String(each));
    if (typeof each === 'number' && (!Number.isFinite(each) || Object.is(each, -0))) isInexact = true;
    return shown;
  });
  const type = Array.isArray(value) ? 'java.util.ArrayList' : 'java.util.LinkedHashMap';
  return { bytes: Buffer.from(json), type, isInexact };
}

/** Digits that JSON may hold though a number of JavaScript cannot. */
function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
