import * as api from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { eventStream } from '../../src/index.ts';
import { Tracing } from '../../src/policies/tracing.ts';
import { memoryBinder, runtimeOn, turn } from '../support.ts';

/** A span as this test's tracer records it. */
interface Recorded {
  readonly name: string;
  readonly kind: api.SpanKind;
  readonly context: api.SpanContext;
  readonly parent: string | undefined;
  readonly links: readonly string[];
  readonly attributes: api.Attributes;
  ended: boolean;
  failed: boolean;
}

const recorded: Recorded[] = [];
let counter = 0;

function startSpan(name: string, options: api.SpanOptions = {}, context: api.Context = api.context.active()): api.Span {
  const parent = api.trace.getSpanContext(context);
  const spanId = (++counter).toString(16).padStart(16, '0');
  const traceId = parent?.traceId ?? (++counter).toString(16).padStart(32, '0');
  const span: Recorded = {
    name,
    kind: options.kind ?? api.SpanKind.INTERNAL,
    context: { traceId, spanId, traceFlags: 1 },
    parent: parent?.spanId,
    links: (options.links ?? []).map((link) => link.context.spanId),
    attributes: options.attributes ?? {},
    ended: false,
    failed: false,
  };
  recorded.push(span);
  return {
    spanContext: () => span.context,
    end: () => void (span.ended = true),
    recordException: () => void (span.failed = true),
    setStatus: () => undefined,
  } as unknown as api.Span;
}

/** The application's OpenTelemetry set-up: a tracer that records, and contexts that follow asynchronous calls. */
beforeAll(() => {
  const storage = new AsyncLocalStorage<api.Context>();
  api.context.setGlobalContextManager({
    active: () => storage.getStore() ?? api.ROOT_CONTEXT,
    with: (context, work, self, ...args) => storage.run(context, () => work.apply(self as never, args)),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  api.trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) as unknown as api.Tracer });
});
beforeEach(() => void (recorded.length = 0));
afterAll(() => {
  api.trace.disable();
  api.context.disable();
});

const input = eventStream<number>('input');
const output = eventStream<number>('output');
const named = (name: string) => recorded.filter((span) => span.name === name);

test('sending, handling and what the handler sends are spans of one trace', async () => {
  const mr = runtimeOn(memoryBinder());
  await turn();
  const subscription = await mr.subscribe(input, { group: 'g' }, async (n) => {
    await turn();
    await mr.publish(output, n);
  });
  await mr.publish(input, 1);
  await vi.waitFor(() => expect(subscription.health.handled).toBe(1));
  await vi.waitFor(() => expect(recorded.every(({ ended }) => ended)).toBe(true));
  const [sent, processed, answered] = [named('send input')[0]!, named('process input')[0]!, named('send output')[0]!];
  expect([sent.kind, processed.kind, answered.kind]).toEqual([api.SpanKind.PRODUCER, api.SpanKind.CONSUMER, api.SpanKind.PRODUCER]);
  expect(processed.parent).toBe(sent.context.spanId);
  expect(answered.parent).toBe(processed.context.spanId);
  expect(new Set(recorded.map(({ context }) => context.traceId)).size).toBe(1);
  expect(processed.attributes).toMatchObject({ 'messaging.destination.name': 'input', 'messaging.consumer.group.name': 'g' });
});

test('an event carries the context of its own sending span', async () => {
  const mr = runtimeOn(memoryBinder());
  await turn();
  const span = startSpan('request');
  await api.context.with(api.trace.setSpan(api.ROOT_CONTEXT, span), () => mr.publish(input, 1));
  const sent = named('send input')[0]!;
  expect(sent.parent).toBe(span.spanContext().spanId);
  for await (const [event] of mr.read(input)) {
    expect(event!.headers['traceparent']).toBe(`00-${sent.context.traceId}-${sent.context.spanId}-01`);
  }
});

test('a batch is one span, linked to the traces of its events', async () => {
  const mr = runtimeOn(memoryBinder());
  await turn();
  await mr.publish(input, 1);
  await mr.publish(input, 2);
  await mr.subscribeBatch(input, { group: 'g' }, () => {});
  await vi.waitFor(() => expect(named('process input')).toHaveLength(1));
  const [batch] = named('process input');
  expect(batch!.links).toEqual(named('send input').map(({ context }) => context.spanId));
  expect(batch!.attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
});

test('a failed handler is a failed span, each try its own', async () => {
  const mr = runtimeOn(memoryBinder());
  await turn();
  const subscription = await mr.subscribe(
    input,
    { group: 'g', retry: { maxAttempts: 2, backOffInitialInterval: 0 } },
    async (_, { attempt }) => {
      await turn();
      if (attempt === 1) throw new Error('not yet');
    },
  );
  await mr.publish(input, 1);
  await vi.waitFor(() => expect(subscription.health.handled).toBe(1));
  expect(named('process input').map(({ failed, ended }) => [failed, ended])).toEqual([
    [true, true],
    [false, true],
  ]);
});

test('without OpenTelemetry the trace of the message is passed on, and nothing else', async () => {
  const tracing = new Tracing(() => Promise.resolve(undefined));
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(tracing.outgoing()).toBeUndefined();
  const inside = tracing.handling({ traceparent, colour: 'red' }, () => tracing.outgoing());
  expect(inside).toEqual({ traceparent });
  expect(tracing.handling([{ traceparent }, { traceparent }], () => tracing.outgoing())).toBeUndefined();
  expect(
    await tracing.handling({ traceparent, tracestate: 'v=1' }, () => tracing.sending('x', 1, (trace) => Promise.resolve(trace))),
  ).toEqual({
    traceparent,
    tracestate: 'v=1',
  });
  expect(recorded).toEqual([]);
});
