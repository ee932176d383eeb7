import { messageOf, MillraceError } from '@millrace/core';
import type { ErrorCode } from '@millrace/core';
import { raise } from '../errors.ts';
import { isTransient, refusalOf, replyCodeOf } from './faults.ts';

const codes: Readonly<Record<number, ErrorCode>> = {
  311: 'INVALID_ARGUMENT',
  312: 'FAILED_PRECONDITION',
  320: 'UNAVAILABLE',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'CONFLICT',
  406: 'FAILED_PRECONDITION',
  501: 'INVALID_ARGUMENT',
  503: 'UNSUPPORTED',
  506: 'RESOURCE_EXHAUSTED',
  530: 'PERMISSION_DENIED',
  540: 'UNSUPPORTED',
};

/** Classifies an error of this binder or of the client library by what the caller can do about it. */
export function codeOf(error: unknown): ErrorCode {
  if (error instanceof MillraceError) return error.code;
  const refusal = refusalOf(error);
  if (refusal !== undefined)
    return refusal === 'NOT_TLS' || refusal === 'VHOST_REFUSED' ? 'FAILED_PRECONDITION' : 'UNAUTHENTICATED';
  if (isTransient(error)) return 'UNAVAILABLE';
  const reply = replyCodeOf(error);
  if (reply !== undefined) return codes[reply] ?? 'INTERNAL';
  return error instanceof RangeError && /Encoded field table/.test(error.message) ? 'INVALID_ARGUMENT' : 'INTERNAL';
}

/** What the server said, without the client library's wrapping. */
export function problemOf(error: unknown): string {
  const text = messageOf(error);
  return /with message "(.*)"$/s.exec(text)?.[1] ?? (text || String((error as { code?: unknown } | undefined)?.code));
}

/** The error as users see it: what was being done, where, and what to do next. An error of this binder passes as it is. */
export function translate(error: unknown, what: string, addresses: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const problem = problemOf(error);
  const refusal = refusalOf(error);
  if (refusal !== undefined) return raise(refusal, { addresses, problem }, error);
  const code = codeOf(error);
  const reply = replyCodeOf(error);
  if (code === 'PERMISSION_DENIED') return raise('DENIED', { what, problem, reply }, error);
  if (code === 'UNAVAILABLE') return raise('UNAVAILABLE', { what, problem, reply }, error);
  if (code === 'INTERNAL') return raise('FAILED', { what, problem, reply }, error);
  const { message } = raise('REFUSED', { what, problem });
  return new MillraceError(message, { code, reason: 'REFUSED', cause: error, details: { what, reply } });
}
