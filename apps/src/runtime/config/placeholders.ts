import { appError } from '../../errors.ts';

/**
 * Replaces `${name}` and `${name:default}`, nested on both sides, by looked-up values. What has neither value nor default stays as
 * it is written. Raises `PLACEHOLDER_CYCLE` (`INVALID_ARGUMENT`) when a value refers back to itself.
 */
export function resolvePlaceholders(text: string, lookup: (name: string) => unknown, open: readonly string[] = []): string {
  let result = '';
  let at = 0;
  for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', at)) {
    const end = closingBrace(text, start + 2);
    if (end < 0) break;
    result += text.slice(at, start) + resolveOne(text.slice(start + 2, end), lookup, open);
    at = end + 1;
  }
  return result + text.slice(at);
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  return -1;
}

function resolveOne(inner: string, lookup: (name: string) => unknown, open: readonly string[]): string {
  if (open.includes(inner)) throw appError('PLACEHOLDER_CYCLE', { placeholder: `\${${inner}}` });
  const nested = [...open, inner];
  const key = resolvePlaceholders(inner, lookup, nested);
  const colon = key.indexOf(':');
  const found = lookup(key) ?? (colon >= 0 ? lookup(key.slice(0, colon)) : undefined);
  if (found !== undefined && found !== null) return resolvePlaceholders(plainText(found), lookup, nested);
  return colon >= 0 ? resolvePlaceholders(key.slice(colon + 1), lookup, nested) : `\${${key}}`;
}

function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(plainText).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
