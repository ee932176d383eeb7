import { AsyncLocalStorage } from 'node:async_hooks';
import { headerNames, type Headers } from '../binder/index.ts';

/** What is being handled, as far as code deep inside a handler can know. */
export interface Scope {
  /** Trace headers for what is sent from here. */
  readonly trace: Headers | undefined;
  /** Fails the handler's current try: told of errors that its own promise does not carry. False if it has ended. */
  readonly fail?: ((error: unknown) => boolean) | undefined;
}

/** Carries the W3C trace context from the message being handled to everything its handler sends. Held per runtime. */
export class Tracing {
  readonly #scopes = new AsyncLocalStorage<Scope>();

  /** Runs a handler; what it sends, however deep, continues the trace of these headers. */
  handling<R>(headers: Headers, work: () => R, fail?: Scope['fail']): R {
    return this.#scopes.run({ trace: traceOf(headers), fail }, work);
  }

  /** The trace headers that a message sent here and now should carry, if any. */
  outgoing(): Headers | undefined {
    return this.#scopes.getStore()?.trace;
  }

  /** The handling that this code, or code that it was called back from, belongs to. */
  current(): Scope | undefined {
    return this.#scopes.getStore();
  }
}

function traceOf(headers: Headers): Headers | undefined {
  const traceparent = headers[headerNames.traceparent];
  if (typeof traceparent !== 'string') return undefined;
  const tracestate = headers[headerNames.tracestate];
  return typeof tracestate === 'string' ? { traceparent, tracestate } : { traceparent };
}
