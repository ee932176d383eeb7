import type { Headers, HeaderValue } from '@millrace/messaging/binder';

/**
 * Where 64-bit integers lie in the headers, with their exact values: the client library reads them as numbers, which are not exact beyond
 * 2^53, and a number and a bigint look alike on the wire.
 */
type Places = readonly (readonly [path: readonly (string | number)[], text: string])[];

/** The big integers in headers as text, `undefined` where there is none. */
export function bigIntegersOf(headers: Headers): string | undefined {
  const found: [readonly (string | number)[], string][] = [];
  for (const [name, value] of Object.entries(headers)) collect(value, [name], found);
  return found.length === 0 ? undefined : JSON.stringify(found);
}

function collect(value: HeaderValue, path: readonly (string | number)[], found: [readonly (string | number)[], string][]): void {
  if (typeof value === 'bigint') found.push([path, String(value)]);
  else if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  else if (Array.isArray(value)) (value as readonly HeaderValue[]).forEach((each, index) => collect(each, [...path, index], found));
  else for (const [name, each] of Object.entries(value)) collect(each, [...path, name], found);
}

/** Puts big integers back into headers. Text from elsewhere that says something else is left aside. */
export function restoreBigIntegers(headers: Record<string, HeaderValue>, text: string): void {
  let places: Places;
  try {
    places = JSON.parse(text) as Places;
    for (const [path, digits] of places) put(headers, path, BigInt(digits));
  } catch {
    // Not written by this binder: the values stay numbers.
  }
}

function put(headers: Record<string, HeaderValue>, path: readonly (string | number)[], value: bigint): void {
  let target = headers as Record<string | number, HeaderValue>;
  for (const step of path.slice(0, -1)) target = Object.getOwnPropertyDescriptor(target, step)!.value as typeof target;
  const last = path.at(-1)!;
  if (Object.hasOwn(target, last)) target[last] = value;
}
