import { AsyncLocalStorage } from 'node:async_hooks';
import { headerNames, type Headers } from '../binder/index.ts';
import { isTracingSetUp, loadSpans, type Spans, type SpanSubject } from './spans.ts';

/** What is being handled, as far as code deep inside a handler can know. */
export interface Scope {
  /** Trace headers for what is sent from here. */
  readonly trace: Headers | undefined;
  /** Fails the handler's current try: told of errors that its own promise does not carry. False if it has ended. */
  readonly fail?: ((error: unknown) => boolean) | undefined;
}

/**
 * Carries the W3C trace context from the message being handled to everything its handler sends, and makes OpenTelemetry spans where
 * the application has `@opentelemetry/api`. Held per runtime.
 */
export class Tracing {
  readonly #scopes = new AsyncLocalStorage<Scope>();
  readonly #load: () => Promise<Spans | undefined>;
  #isLoading = false;
  #spans: Spans | undefined;

  constructor(load: () => Promise<Spans | undefined> = loadSpans) {
    this.#load = load;
    this.#active();
  }

  /**
   * Runs a handler; what it sends, however deep, continues the trace of its message. For a batch there is no one trace to continue,
   * unless spans are made: then what it sends continues the batch's own, which is linked to those of its messages.
   */
  handling<R>(headers: Headers | readonly Headers[], work: () => R, fail?: Scope['fail'], subject?: SpanSubject): R {
    const messages = isList(headers) ? headers : [headers];
    const spans = subject === undefined ? undefined : this.#active();
    if (subject !== undefined && spans !== undefined) {
      return spans.process(subject, messages, (trace) => this.#scopes.run({ trace, fail }, work));
    }
    const trace = messages.length === 1 ? traceOf(messages[0]!) : undefined;
    return this.#scopes.run({ trace, fail }, work);
  }

  /** Runs the sending of `count` messages; they carry the trace headers that `work` is given. */
  sending<R>(destination: string, count: number, work: (trace: Headers | undefined) => Promise<R>): Promise<R> {
    const spans = this.#active();
    if (spans === undefined) return work(this.#scopes.getStore()?.trace);
    return spans.send({ destination }, count, work, this.#scopes.getStore()?.trace);
  }

  /** The trace headers that a message sent here and now should carry, if any. */
  outgoing(): Headers | undefined {
    return this.#active()?.active() ?? this.#scopes.getStore()?.trace;
  }

  /** The handling that this code, or code that it was called back from, belongs to. */
  current(): Scope | undefined {
    return this.#scopes.getStore();
  }

  /** What makes spans, once the application has set up tracing. OpenTelemetry is loaded then and not before: it is large. */
  #active(): Spans | undefined {
    if (this.#spans !== undefined) return this.#spans.enabled ? this.#spans : undefined;
    if (!this.#isLoading && isTracingSetUp()) {
      this.#isLoading = true;
      void this.#load().then((spans) => void (this.#spans = spans));
    }
    return undefined;
  }
}

function isList(headers: Headers | readonly Headers[]): headers is readonly Headers[] {
  return Array.isArray(headers);
}

function traceOf(headers: Headers): Headers | undefined {
  const traceparent = headers[headerNames.traceparent];
  if (typeof traceparent !== 'string') return undefined;
  const tracestate = headers[headerNames.tracestate];
  return typeof tracestate === 'string' ? { traceparent, tracestate } : { traceparent };
}
