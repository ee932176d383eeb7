import type { Attributes, Context, Link, Span, SpanContext, SpanOptions, Tracer } from '@opentelemetry/api';
import { headerNames, type Headers } from '../binder/index.ts';

type Api = typeof import('@opentelemetry/api');

/** What a span is about. */
export interface SpanSubject {
  readonly destination: string;
  readonly group?: string | undefined;
}

const tracerName = '@millrace/messaging';

/** Where OpenTelemetry's API keeps what an application registered; the same for every copy of it. */
const registry = Symbol.for('opentelemetry.js.api.1');

/** Whether the application registered anything with OpenTelemetry. */
export function isTracingSetUp(): boolean {
  return registry in globalThis;
}

/** OpenTelemetry if the application has it; `undefined` otherwise. */
export async function loadSpans(): Promise<Spans | undefined> {
  try {
    return new Spans(await import('@opentelemetry/api'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Makes spans for what is sent and handled. */
export class Spans {
  readonly #api: Api;
  #tracer: Tracer | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Whether the application has set up tracing; having the package alone costs nothing. */
  get enabled(): boolean {
    if (this.#tracer !== undefined) return true;
    const provider = this.#api.trace.getTracerProvider();
    this.#tracer =
      provider instanceof this.#api.ProxyTracerProvider ? provider.getDelegateTracer(tracerName) : provider.getTracer(tracerName);
    return this.#tracer !== undefined;
  }

  /** The trace headers of the span that is active here. */
  active(): Headers | undefined {
    return this.#headers(this.#api.trace.getActiveSpan());
  }

  /** Runs `work` in a span for sending. */
  send<R>(
    subject: SpanSubject,
    count: number,
    work: (trace: Headers | undefined) => Promise<R>,
    parent: Headers | undefined,
  ): Promise<R> {
    const { SpanKind, context } = this.#api;
    const base = this.#api.trace.getActiveSpan() === undefined ? this.#continue(parent) : context.active();
    const options = { kind: SpanKind.PRODUCER, attributes: attributesOf(subject, 'send', count) };
    const span = this.#start(`send ${subject.destination}`, options, base);
    return this.#within(span, base, () => work(this.#headers(span)));
  }

  /** Runs `work` in a span for handling: a child of the one message's trace, or linked to those of several. */
  process<R>(subject: SpanSubject, messages: readonly Headers[], work: (trace: Headers | undefined) => R): R {
    const { SpanKind, context } = this.#api;
    const single = messages.length === 1;
    const base = single ? this.#continue(messages[0]) : context.active();
    const links = single ? [] : this.#links(messages);
    const options = { kind: SpanKind.CONSUMER, links, attributes: attributesOf(subject, 'process', messages.length) };
    const span = this.#start(`process ${subject.destination}`, options, base);
    return this.#within(span, base, () => work(this.#headers(span)));
  }

  #start(name: string, options: SpanOptions, base: Context): Span {
    return (this.#tracer ?? this.#api.trace.getTracer(tracerName)).startSpan(name, options, base);
  }

  /** Runs work with a span active and ends the span when the work, or its promise, has ended. */
  #within<R>(span: Span, base: Context, work: () => R): R {
    const { trace, context } = this.#api;
    try {
      const result = context.with(trace.setSpan(base, span), work);
      if (!(result instanceof Promise)) span.end();
      else {
        result.then(
          () => span.end(),
          (error: unknown) => this.#failed(span, error),
        );
      }
      return result;
    } catch (error) {
      this.#failed(span, error);
      throw error;
    }
  }

  #failed(span: Span, error: unknown): void {
    const exception = error instanceof Error ? error : String(error);
    span.recordException(exception);
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    span.end();
  }

  #links(messages: readonly Headers[]): Link[] {
    return messages.map((headers) => this.#parse(headers)).flatMap((context) => (context === undefined ? [] : [{ context }]));
  }

  #continue(headers: Headers | undefined): Context {
    const parent = headers === undefined ? undefined : this.#parse(headers);
    const { trace, ROOT_CONTEXT } = this.#api;
    return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  }

  #parse(headers: Headers): SpanContext | undefined {
    const text = headers[headerNames.traceparent];
    const [, traceId, spanId, flags] =
      /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(typeof text === 'string' ? text : '') ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
    const state = headers[headerNames.tracestate];
    const traceState = typeof state === 'string' ? { traceState: this.#api.createTraceState(state) } : {};
    const parsed = { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true, ...traceState };
    return this.#api.isSpanContextValid(parsed) ? parsed : undefined;
  }

  #headers(span: Span | undefined): Headers | undefined {
    const about = span?.spanContext();
    if (about === undefined || !this.#api.isSpanContextValid(about)) return undefined;
    const traceparent = `00-${about.traceId}-${about.spanId}-${about.traceFlags.toString(16).padStart(2, '0')}`;
    const tracestate = about.traceState?.serialize();
    return tracestate === undefined || tracestate === '' ? { traceparent } : { traceparent, tracestate };
  }
}

function attributesOf({ destination, group }: SpanSubject, operation: string, count: number): Attributes {
  return {
    'messaging.system': 'millrace',
    'messaging.operation.type': operation,
    'messaging.destination.name': destination,
    ...(group === undefined ? {} : { 'messaging.consumer.group.name': group }),
    ...(count === 1 ? {} : { 'messaging.batch.message_count': count }),
  };
}
