import type { Headers, HeaderValue } from '@millrace/messaging/binder';

/** A header value as JSON that keeps what JSON cannot: lists begin with the kind of what they stand for. */
type Tagged = string | number | boolean | null | readonly [kind: 'n' | 'b' | 'l' | 'm', content: unknown];

/**
 * The headers that the wire does not bring back as they were, as text; `undefined` where all survive. 64-bit integers are read as inexact
 * numbers by the client library, and look like numbers on the wire; streams keep no lists, no maps, and bytes only as text.
 */
export function exactHeadersOf(headers: Headers, isStream: boolean): string | undefined {
  const exact = Object.entries(headers).filter(([, value]) => (isStream && isComposite(value)) || hasBigInteger(value));
  return exact.length === 0 ? undefined : JSON.stringify(exact.map(([name, value]) => [name, tagged(value)]));
}

/** Puts exact headers into what was read. Text from elsewhere that says something else is left aside. */
export function restoreExactHeaders(headers: Record<string, HeaderValue>, text: string): void {
  try {
    const exact = JSON.parse(text) as readonly (readonly [string, unknown])[];
    for (const [name, value] of exact) headers[name] = untagged(value);
  } catch {
    // Not written by this binder: what the wire gave stands.
  }
}

function isComposite(value: HeaderValue): boolean {
  return typeof value === 'object' && value !== null;
}

function hasBigInteger(value: HeaderValue): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return typeof value === 'bigint';
  return Object.values(value).some(hasBigInteger);
}

function tagged(value: HeaderValue): Tagged {
  if (typeof value === 'bigint') return ['n', String(value)];
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return ['b', Buffer.from(value).toString('base64')];
  if (Array.isArray(value)) return ['l', (value as readonly HeaderValue[]).map(tagged)];
  return ['m', Object.entries(value).map(([name, each]) => [name, tagged(each)])];
}

/** The inverse of {@link tagged}. Throws on anything else. */
function untagged(value: unknown): HeaderValue {
  if (typeof value !== 'object' || value === null) return value as HeaderValue;
  const [kind, content] = value as readonly [unknown, unknown];
  if (kind === 'n') return BigInt(content as string);
  if (kind === 'b') return new Uint8Array(Buffer.from(content as string, 'base64'));
  if (kind === 'l') return (content as readonly unknown[]).map(untagged);
  if (kind !== 'm') throw new TypeError('not a tagged value');
  return Object.fromEntries((content as readonly (readonly [string, unknown])[]).map(([name, each]) => [name, untagged(each)]));
}
