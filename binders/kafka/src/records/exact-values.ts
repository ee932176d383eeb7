import type { HeaderValue } from '@millrace/messaging/binder';

/** A header value as JSON that keeps what JSON cannot: lists begin with the kind of what they stand for. */
type Tagged = string | number | boolean | null | readonly [kind: 'n' | 'b' | 'd' | 'l' | 'm', content: unknown];

/** Values that the JSON of Spring's headers does not bring back as they were: 64-bit integers, nested bytes, null, NaN. */
export function tagged(value: HeaderValue): Tagged {
  if (typeof value === 'bigint') return ['n', String(value)];
  if (value instanceof Uint8Array) return ['b', Buffer.from(value).toString('base64')];
  if (typeof value === 'number' && !survives(value)) return ['d', Object.is(value, -0) ? '-0' : String(value)];
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return ['l', (value as readonly HeaderValue[]).map(tagged)];
  return ['m', Object.entries(value).map(([name, each]) => [name, tagged(each)])];
}

function survives(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

/** The inverse of {@link tagged}. Throws on anything else. */
export function untagged(value: unknown): HeaderValue {
  if (!Array.isArray(value)) return plain(value);
  const [kind, content] = value as [unknown, unknown];
  if (kind === 'n' && typeof content === 'string') return BigInt(content);
  if (kind === 'b' && typeof content === 'string') return new Uint8Array(Buffer.from(content, 'base64'));
  if (kind === 'd' && typeof content === 'string') return Number(content);
  if (kind === 'l' && Array.isArray(content)) return content.map(untagged);
  if (kind === 'm' && Array.isArray(content)) return mapOf(content as readonly [string, unknown][]);
  throw new TypeError('not a tagged value');
}

function plain(value: unknown): HeaderValue {
  if (typeof value === 'object' && value !== null) throw new TypeError('not a tagged value');
  return value as HeaderValue;
}

/** Names come from outside: `__proto__` must be a name like any other. */
function mapOf(entries: readonly (readonly [string, unknown])[]): HeaderValue {
  return Object.fromEntries(entries.map(([name, each]) => [name, untagged(each)]));
}
