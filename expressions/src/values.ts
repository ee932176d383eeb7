import { double, isNumber, Long, plain, Real, renderNumber } from './numbers.ts';

/** A Java list: what expressions make. Arrays that came with the message are JSON and print as such. */
export class JavaList extends Array<unknown> {}

/** What a value is, in the words of error messages. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (isNumber(value)) return 'a number';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'a boolean';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'a list';
  return value instanceof Map ? 'a map' : 'an object';
}

/** Prints a value as Java does: `5.0`, `[1, 2]`, `{a=1}`, `null`; JSON objects and arrays print as JSON. */
export function render(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return 'null';
  if (isNumber(value)) return renderNumber(value);
  if (value instanceof JavaList) return `[${value.map(render).join(', ')}]`;
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${render(key)}=${render(item)}`).join(', ')}}`;
  if (value instanceof Uint8Array) return decodeText(value);
  return stringify(value);
}

/** JSON text of a value. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'bigint') return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(item));
    if (item instanceof Map) return Object.fromEntries(item);
    return item instanceof Uint8Array ? decodeText(item) : item;
  });
}

/** The plain JavaScript value: numbers unboxed, lists and maps as arrays and objects. */
export function toJs(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Real || value instanceof Long) return plain(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [render(key), toJs(item)]));
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, toJs);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJs(item)]));
}

const decoder = new TextDecoder();

export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** What a text that is no JSON parses to. */
export const notJson = Symbol('not JSON');

/** Numbers that lose what they were when parsed: whole doubles, exponents, more digits than a double holds. */
const delicateNumber = /\d\.0+(?!\d)|\d[eE]|\d{16}/;

/** Parses JSON text, keeping `5.0` apart from `5` and whole numbers beyond 2^53 exact; {@link notJson} if it is none. */
export function parseJson(text: string): unknown {
  try {
    return delicateNumber.test(text)
      ? JSON.parse(text, reviveNumber as (key: string, value: unknown) => unknown)
      : JSON.parse(text);
  } catch {
    return notJson;
  }
}

function reviveNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value;
  if (/[.eE]/.test(context.source)) return double(value);
  return Number.isSafeInteger(value) ? value : BigInt(context.source);
}
