import type { HeaderValue } from '@millrace/messaging/binder';

/** A value as the client library writes it into a table. `'!'` names the type on the wire. */
export type TableValue =
  | string
  | boolean
  | null
  | Buffer
  | { readonly '!': 'int' | 'long' | 'double'; readonly value: number | bigint }
  | readonly TableValue[]
  | { readonly [name: string]: TableValue };

const int32 = 2 ** 31;

/**
 * A header value with the type that Spring expects: whole numbers are int, or long beyond 32 bits, all others double. Throws a TypeError for
 * what a table cannot hold.
 */
export function tableValue(value: HeaderValue): TableValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return numberValue(value);
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw new TypeError(`${value} is beyond 64 bits`);
      return { '!': 'long', value };
    default:
      return value === null ? null : objectValue(value);
  }
}

function numberValue(value: number): TableValue {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return { '!': 'double', value };
  return { '!': value >= -int32 && value < int32 ? 'int' : 'long', value };
}

function objectValue(value: Exclude<HeaderValue, string | number | bigint | boolean | null>): TableValue {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) return (value as readonly HeaderValue[]).map(tableValue);
  const entries = Object.entries(value as Readonly<Record<string, HeaderValue>>);
  for (const [name] of entries) checkField(name);
  return Object.fromEntries(entries.map(([name, each]) => [name, tableValue(each)]));
}

/** Refuses names that the wire or the client library cannot carry. */
export function checkField(name: string): void {
  if (name === '!') throw new TypeError("'!' cannot be a name within a header");
  if (Buffer.byteLength(name) > 255) throw new TypeError(`the name '${name.slice(0, 40)}…' is longer than 255 bytes`);
}

/** A value of a table as a header value. Times become milliseconds, decimals numbers. */
export function headerValue(value: unknown): HeaderValue {
  if (typeof value !== 'object' || value === null) return value as HeaderValue;
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) return value.map(headerValue);
  if ('!' in value) return typedValue(value as unknown as { '!': unknown; value: unknown });
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, headerValue(each)]));
}

function typedValue(typed: { readonly '!': unknown; readonly value: unknown }): HeaderValue {
  if (typed['!'] === 'timestamp') return Number(typed.value) * 1000;
  const { places, digits } = typed.value as { readonly places: number; readonly digits: number };
  return digits / 10 ** places;
}
