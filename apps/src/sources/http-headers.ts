import type { Headers } from '@millrace/messaging/binder';
import { pathPattern } from './path-pattern.ts';

/** The request headers of the HTTP standard, as upstream maps them by default. */
const standardHeaders = [
  'Accept',
  'Accept-Charset',
  'Accept-Encoding',
  'Accept-Language',
  'Accept-Ranges',
  'Authorization',
  'Cache-Control',
  'Connection',
  'Content-Length',
  'Cookie',
  'Date',
  'Expect',
  'From',
  'Host',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'If-Range',
  'If-Unmodified-Since',
  'Max-Forwards',
  'Pragma',
  'Proxy-Authorization',
  'Range',
  'Referer',
  'TE',
  'Upgrade',
  'User-Agent',
  'Via',
  'Warning',
];

/** Headers that hold credentials are copied only where a pattern names them without a wildcard. */
const credentials = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** The word by which the default mapping is meant. */
export const standardRequestHeaders = 'HTTP_REQUEST_HEADERS';

/**
 * Compiles header patterns into a function that picks request headers for a message. Names are those of the standard or as the
 * pattern writes them; `*` in a pattern stands for anything.
 */
export function headerMapper(patterns: readonly string[]): (received: NodeJS.Dict<string | string[]>) => Headers {
  const names = new Map<string, string>();
  const wildcards: RegExp[] = [];
  for (const pattern of patterns) {
    if (pattern === standardRequestHeaders) for (const name of standardHeaders.filter(isOpen)) names.set(name.toLowerCase(), name);
    else if (pattern.includes('*')) wildcards.push(pathPattern(pattern.toLowerCase()));
    else names.set(pattern.toLowerCase(), pattern);
  }
  return (received) => {
    const picked: Record<string, string> = {};
    for (const [name, value] of Object.entries(received)) {
      if (value === undefined || name === 'content-type') continue;
      const wanted = names.get(name) ?? (isOpen(name) && wildcards.some((wildcard) => wildcard.test(name)) ? name : undefined);
      if (wanted !== undefined) picked[wanted] = Array.isArray(value) ? value.join(', ') : value;
    }
    return picked;
  };
}

function isOpen(name: string): boolean {
  return !credentials.has(name.toLowerCase());
}
