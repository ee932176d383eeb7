import { optionSource, systemClock } from '@millrace/core';
import type { Clock } from '@millrace/core';
import { MetricsRegistry } from '@millrace/messaging/policies';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { collect } from '../src/chain/emission.ts';
import type { Next } from '../src/chain/next.ts';
import { SourceRunner } from '../src/chain/source-runner.ts';
import { Connections } from '../src/runtime/connections.ts';
import type { AppContext } from '../src/runtime/context.ts';
import { createContext, pauser } from '../src/runtime/create-context.ts';
import type { AppDefinition, ProcessorDefinition, SinkDefinition, SourceDefinition } from '../src/runtime/define.ts';
import { HttpHost } from '../src/runtime/http-host.ts';
import { lineLogger } from '../src/runtime/logger.ts';
import { AppMessage } from '../src/runtime/message.ts';
import type { PositionStore } from '../src/runtime/positions.ts';

/** An app's surroundings in a test: real ones, but without a broker. */
export interface Surroundings {
  readonly context: AppContext;
  readonly logged: string[];
  readonly stop: AbortController;
}

interface Settings {
  readonly clock?: Clock;
  readonly offer?: AppContext['offer'];
  readonly send?: AppContext['send'];
  readonly positions?: PositionStore;
}

export function surroundings(definition: unknown, options: Record<string, unknown> = {}, settings: Settings = {}): Surroundings {
  const logged: string[] = [];
  const stop = new AbortController();
  const clock = settings.clock ?? systemClock;
  const services = {
    connections: new Connections(() => Promise.reject(new Error('This test has no broker.'))),
    http: new HttpHost((error) => logged.push(String(error))),
    logger: lineLogger(
      (line) => logged.push(line),
      () => 0,
      'TRACE',
    ),
    clock,
    metrics: new MetricsRegistry(),
  };
  const app = definition as AppDefinition;
  const identity = {
    definition: app,
    label: app.name,
    stream: 's',
    instance: { index: 0, count: 1 },
    properties: optionSource(options),
  };
  const context = createContext(identity, services, stop.signal, settings.offer);
  const { positions, send } = settings;
  return {
    context: {
      ...context,
      ...(send === undefined ? {} : { send }),
      ...(positions === undefined ? {} : { positions: () => positions }),
    },
    logged,
    stop,
  };
}

/** Runs a processor over messages. */
export function process(definition: unknown, options: Record<string, unknown>, ...messages: AppMessage[]): AppMessage[] {
  const { process: run } = (definition as ProcessorDefinition).create(surroundings(definition, options).context);
  const out: AppMessage[] = [];
  for (const message of messages) collect(run(message), message, out);
  return out;
}

/** Gives a sink batches of messages and closes it. */
export async function sink(definition: unknown, around: Surroundings, ...batches: AppMessage[][]): Promise<void> {
  const created = (definition as SinkDefinition).create(around.context);
  for (const batch of batches) {
    if ('handleBatch' in created) await created.handleBatch(batch);
    else for (const message of batch) await created.handle(message);
  }
  await created.close?.();
}

/** A source at work and what it emitted. */
export interface RunningSource extends Surroundings {
  readonly seen: AppMessage[];
  /** Resolves when at least so many messages were seen. */
  readonly count: (wanted: number) => Promise<void>;
  readonly ended: Promise<void>;
}

/** Starts a source; it is stopped at the end of the test. `take` decides what becomes of its messages. */
export function source(
  definition: unknown,
  options: Record<string, unknown>,
  settings: Settings & { readonly take?: Next['push'] } = {},
): RunningSource {
  const seen: AppMessage[] = [];
  let wake: (() => void) | undefined;
  const next: Next = {
    push(batch) {
      const result = settings.take?.(batch);
      seen.push(...batch);
      wake?.();
      return result;
    },
  };
  const clock = settings.clock ?? systemClock;
  const stopped = new AbortController();
  const runner = new SourceRunner(next, clock, pauser(clock, stopped.signal), stopped.signal);
  const around = surroundings(definition, options, { ...settings, offer: (emission) => runner.offer(emission) });
  const ended = (definition as SourceDefinition).start(runner.emit, around.context).then(() => runner.idle());
  onTestFinished(async () => {
    around.stop.abort();
    stopped.abort();
    await ended.catch(() => undefined);
  });
  const count = async (wanted: number) => {
    while (seen.length < wanted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { ...around, seen, count, ended };
}

/** A directory that is removed at the end of the test. */
export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-apps-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A message with text or another payload. */
export function make(payload: unknown, parts: ConstructorParameters<typeof AppMessage>[1] = {}): AppMessage {
  return new AppMessage(payload, parts, 0);
}
