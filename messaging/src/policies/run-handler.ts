import type { Headers } from '../binder/index.ts';
import type { SpanSubject } from './spans.ts';
import type { Tracing } from './tracing.ts';

/**
 * Runs user code for a message within its trace. The result settles as the handler's does, or fails with the first error that
 * escapes it (see `isolateUncaught`). A handler that answers synchronously is answered synchronously.
 */
export function runHandler<R>(
  tracing: Tracing,
  headers: Headers | readonly Headers[],
  handler: () => R | PromiseLike<R>,
  subject?: SpanSubject,
): R | Promise<R> {
  let escape: ((error: unknown) => void) | undefined;
  let ended = false;
  const fail = (error: unknown) => {
    if (ended) return false;
    escape?.(error);
    return escape !== undefined;
  };
  const result = tracing.handling(headers, handler, fail, subject);
  if (!isPromise(result)) {
    ended = true;
    return result;
  }
  return new Promise((resolve, reject) => {
    escape = reject;
    result.then(
      (value) => {
        ended = true;
        return resolve(value);
      },
      (error: unknown) => {
        ended = true;
        reject(error);
      },
    );
  });
}

function isPromise<R>(value: R | PromiseLike<R>): value is PromiseLike<R> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
