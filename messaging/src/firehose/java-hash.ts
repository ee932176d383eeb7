import { raise } from '../errors.ts';

/** A partition key with the hash that Java gives to its Java type, for types that JavaScript does not tell apart. */
export class JavaKey {
  readonly hash: number;

  constructor(hash: number) {
    this.hash = hash | 0;
  }
}

/** A key that Java programs hold as `long`; plain numbers count as `int` where they fit. */
export function javaLong(value: bigint | number): JavaKey {
  return new JavaKey(hashLong(BigInt(value)));
}

/** A key that Java programs hold as `double`; whole plain numbers count as `int` or `long`. */
export function javaDouble(value: number): JavaKey {
  return new JavaKey(hashDouble(value));
}

/** A key that Java programs hold as `float`. */
export function javaFloat(value: number): JavaKey {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return new JavaKey(view.getInt32(0));
}

/** A key that Java programs hold as `java.util.UUID`, given in its usual text form. */
export function javaUuid(text: string): JavaKey {
  const digits = text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(digits))
    throw raise('INVALID_OPTION', { option: 'key', value: text, rule: 'a UUID of 32 hexadecimal digits' });
  const most = BigInt(`0x${digits.slice(0, 16)}`);
  const least = BigInt(`0x${digits.slice(16)}`);
  return new JavaKey(hashLong(most ^ least));
}

/**
 * Java's `hashCode` of a key, so that partitions agree with those of Spring applications. Numbers are `int` where they fit, then `long`
 * when whole, else `double`; bigints are `long`; arrays and plain objects are lists and maps. Bytes, whose Java hash is random, are
 * hashed as their UTF-8 text where `textual`, else by content. `INVALID_ARGUMENT` for anything without a reproducible hash.
 */
export function javaHash(key: unknown, textual = true): number {
  switch (typeof key) {
    case 'string':
      return hashString(key);
    case 'number':
      return hashNumber(key);
    case 'bigint':
      return hashLong(key);
    case 'boolean':
      return key ? 1231 : 1237;
    case 'object':
      return hashObject(key, textual);
    default:
      throw raise('PARTITION_KEY_UNHASHABLE', { type: typeof key });
  }
}

/** The non-negative number that a partition is chosen by: the default selector of Spring Cloud Stream. */
export function selector(hash: number): number {
  return hash === -2147483648 ? 0 : Math.abs(hash);
}

function hashString(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

function hashNumber(value: number): number {
  if (!Number.isInteger(value)) return hashDouble(value);
  if (value === (value | 0)) return value | 0;
  return Number.isSafeInteger(value) ? hashLong(BigInt(value)) : hashDouble(value);
}

function hashLong(value: bigint): number {
  const bits = BigInt.asUintN(64, value);
  return Number(BigInt.asIntN(32, bits ^ (bits >> 32n)));
}

function hashDouble(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getInt32(0) ^ view.getInt32(4);
}

function hashObject(key: object | null, textual: boolean): number {
  if (key === null) return 0;
  if (key instanceof JavaKey) return key.hash;
  if (key instanceof Uint8Array) return textual ? hashString(Buffer.from(key).toString()) : hashBytes(key);
  if (Array.isArray(key)) return hashList(key, textual);
  if (key instanceof Map) return hashEntries(key, textual);
  const prototype: unknown = Object.getPrototypeOf(key);
  if (prototype === Object.prototype || prototype === null) return hashEntries(Object.entries(key), textual);
  throw raise('PARTITION_KEY_UNHASHABLE', { type: key.constructor.name });
}

function hashList(list: readonly unknown[], textual: boolean): number {
  return list.reduce<number>((hash, element) => (Math.imul(31, hash) + javaHash(element, textual)) | 0, 1);
}

function hashBytes(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => (Math.imul(31, hash) + ((byte << 24) >> 24)) | 0, 1);
}

function hashEntries(entries: Iterable<readonly [unknown, unknown]>, textual: boolean): number {
  let sum = 0;
  for (const [key, value] of entries) sum = (sum + (javaHash(key, textual) ^ javaHash(value, textual))) | 0;
  return sum;
}
