import { AsyncLocalStorage } from 'node:async_hooks';
import { headerNames, type Headers } from '../binder/index.ts';

/** What is being handled, as far as code deep inside a handler can know. */
interface Scope {
  readonly trace: Headers | undefined;
}

/**
 * Carries the W3C trace context from the message being handled to everything its handler sends. Held per runtime.
 */
export class Tracing {
  readonly #scopes = new AsyncLocalStorage<Scope>();

  /** Runs a handler; what it sends, however deep, continues the trace of these headers. */
  handling<R>(headers: Headers, work: () => R): R {
    return this.#scopes.run({ trace: traceOf(headers) }, work);
  }

  /** The trace headers that a message sent here and now should carry, if any. */
  outgoing(): Headers | undefined {
    return this.#scopes.getStore()?.trace;
  }
}

function traceOf(headers: Headers): Headers | undefined {
  const traceparent = headers[headerNames.traceparent];
  if (typeof traceparent !== 'string') return undefined;
  const tracestate = headers[headerNames.tracestate];
  return typeof tracestate === 'string' ? { traceparent, tracestate } : { traceparent };
}
