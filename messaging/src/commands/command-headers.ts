import { headerNames, type Headers } from '../binder/index.ts';

/** When nobody waits for the command any more, in milliseconds since the epoch. */
export const expiresAtHeader = 'mr_expires_at';

const callHeaders: ReadonlySet<string> = new Set([headerNames.replyTo, headerNames.correlationId, expiresAtHeader]);

/** The headers without those that belong to one call: what is parked may be handled again when its caller is long gone. */
export function withoutCall(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !callHeaders.has(name)));
}

/** Whether the caller stopped waiting before `now`. */
export function isExpired(headers: Headers, now: number): boolean {
  const expiresAt = headers[expiresAtHeader];
  return typeof expiresAt === 'number' && expiresAt <= now;
}
