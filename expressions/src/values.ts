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

/** JSON text of a value, in which a whole double stays one: `5.0`. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'bigint') return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(item));
    if (item instanceof Map) return Object.fromEntries(item);
    return item instanceof Uint8Array ? decodeText(item) : item;
  });
}

/** The plain JavaScript value: numbers unboxed, lists and maps as arrays and objects. */
export function toJs(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (value instanceof Real || value instanceof Long) return plain(value);
  if (value instanceof Map) return plainObject(value);
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return Array.from(value, toJs);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJs(item)]));
}

function plainObject(map: ReadonlyMap<unknown, unknown>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, item] of map) {
    const name = render(key);
    // Assigning this name would change the prototype instead.
    if (name === '__proto__')
      Object.defineProperty(object, name, { value: toJs(item), enumerable: true, configurable: true, writable: true });
    else object[name] = toJs(item);
  }
  return object;
}

const decoder = new TextDecoder();

export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** What a text that is no JSON parses to. */
export const notJson = Symbol('not JSON');

const wholeDoubleOrExponent = /\d(?:\.0+(?!\d)|[eE])/;
const manyDigits = 16;

/** Whether a text may hold numbers that lose what they were when parsed: whole doubles, exponents, more digits than a double holds. */
function holdsDelicateNumber(text: string): boolean {
  return wholeDoubleOrExponent.test(text) || holdsManyDigits(text);
}

// A run of so many digits covers one of every so many characters, so most of the text need not be looked at.
function holdsManyDigits(text: string): boolean {
  for (let at = manyDigits - 1; at < text.length; at += manyDigits) {
    if (!isDigit(text, at)) continue;
    let start = at;
    let end = at + 1;
    while (isDigit(text, start - 1)) start--;
    while (isDigit(text, end)) end++;
    if (end - start >= manyDigits) return true;
  }
  return false;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** Parses JSON text, keeping `5.0` apart from `5` and whole numbers beyond 2^53 exact; {@link notJson} if it is none. */
export function parseJson(text: string): unknown {
  try {
    return holdsDelicateNumber(text)
      ? JSON.parse(text, reviveNumber as (key: string, value: unknown) => unknown)
      : JSON.parse(text);
  } catch {
    return notJson;
  }
}

/** What {@link parseJson} makes of a text of which `JSON.parse` made `parsed`: mostly the same, without parsing again. */
export function withExactNumbers(text: string, parsed: unknown): unknown {
  return holdsDelicateNumber(text) ? parseJson(text) : parsed;
}

function reviveNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value;
  if (/[.eE]/.test(context.source)) return double(value);
  return Number.isSafeInteger(value) ? value : BigInt(context.source);
}
