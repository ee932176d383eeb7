import { embeddedBinder } from '@millrace/binder-embedded';
import { defineOptions, option } from '@millrace/core';
import { createRuntime, eventStream } from '@millrace/messaging';
import type { Millrace, ParkedMessage } from '@millrace/messaging';
import type { Binder } from '@millrace/messaging/binder';
import { onTestFinished } from 'vitest';
import { Catalogue, defineSink, defineSource, lineLogger, message, runApp, runPipelines, stockApps } from '../../src/index.ts';
import type { AppDefinition, AppKind, RunOptions, RunResult, SpawnApp, StageCounts } from '../../src/index.ts';
import type { AppMessage } from '../../src/runtime/message.ts';

/** The two ways to run a pipeline, which must make no difference to what becomes of messages. */
export const ways = ['fused', 'separate'] as const;
export type Way = (typeof ways)[number];

/** A broker in memory, the runtimes on it, and test apps: source `emit`, sinks `collect`, processor-like stock apps. */
export interface Bench {
  readonly runtime: Millrace;
  readonly logged: string[];
  /** What sinks `collect` got, by their option `as`. */
  readonly collected: Map<string, AppMessage[]>;
  readonly texts: (as?: string) => string[];
  readonly catalogue: Catalogue;
  /** A runtime of its own on the same broker. */
  readonly connect: () => Promise<Millrace>;
  readonly run: (way: Way, dsl: readonly string[], options?: Partial<RunOptions>) => Promise<RunResult>;
  readonly parked: (deadLetter: string) => Promise<readonly ParkedMessage[]>;
  readonly publish: (destination: string, payloads: readonly unknown[]) => Promise<void>;
}

export function bench(apps: readonly unknown[] = []): Bench {
  const binder = embeddedBinder({ memory: true });
  const opened = binder.open();
  const others = new Map<string, Binder>();
  const binders = async (name: string): Promise<Binder> => {
    if (name === 'embedded') return shared(binder);
    const other = others.get(name) ?? embeddedBinder({ memory: true });
    if (!others.has(name)) {
      others.set(name, other);
      await other.open();
    }
    return shared(other);
  };
  const connect = async () => {
    await opened;
    return createRuntime({ binders, defaultBinder: 'embedded', handleSignals: false });
  };
  const runtime = createRuntime({ binders, defaultBinder: 'embedded', handleSignals: false });
  const collected = new Map<string, AppMessage[]>();
  const logged: string[] = [];
  const logger = lineLogger(
    (line) => logged.push(line),
    () => 0,
  );
  const catalogue = new Catalogue([...stockApps, ...([emit, collect(collected), ...apps] as AppDefinition[])]);
  onTestFinished(async () => {
    await runtime.close();
    await Promise.all([binder, ...others.values()].map((each) => each.close()));
  });
  return {
    runtime,
    logged,
    collected,
    catalogue,
    connect,
    texts: (as = 'all') => (collected.get(as) ?? []).map((each) => each.text()),
    async run(way, dsl, options = {}) {
      await opened;
      const spawnApp = inThisProcess(catalogue, connect, logger);
      return runPipelines(
        dsl.map((text) => ({ dsl: text })),
        { connect: () => Promise.resolve(runtime), catalogue, logger, fuse: way === 'fused', spawnApp, ...options },
      );
    },
    async parked(deadLetter) {
      const all = await runtime.parked.list();
      return all.filter((each) => each.deadLetter === deadLetter);
    },
    async publish(destination, payloads) {
      await opened;
      await runtime.publishAll(eventStream(destination), payloads);
    },
  };
}

/** The same binder for several runtimes; it is closed by who opened it. */
function shared(binder: Binder): Binder {
  const { name, capabilities, provisioner, log, queue, region, parking, transactions } = binder;
  const parts = { name, capabilities, provisioner, log, queue, region, parking, transactions };
  return {
    ...parts,
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    bindProducer: (...given) => binder.bindProducer(...given),
    bindConsumer: (...given) => binder.bindConsumer(...given),
    errorCode: (error) => binder.errorCode(error),
  };
}

/** Runs each app as a deployer would, with its configuration in the environment and a runtime of its own, but without a new process. */
function inThisProcess(catalogue: Catalogue, connect: () => Promise<Millrace>, logger: ReturnType<typeof lineLogger>): SpawnApp {
  return ({ kind, app, env }) => {
    const stop = new AbortController();
    let report: ((counts: StageCounts) => void) | undefined;
    const settings = { args: [], env, configDirectories: [], connect, logger, signal: stop.signal, handleSignals: false };
    const ended = runApp(catalogue.require(kind as AppKind, app), settings);
    const exited = ended.then(
      (counts) => (report?.(counts), 0),
      (error: unknown) => (logger.log('ERROR', String(error)), 1),
    );
    return {
      onLine: () => undefined,
      onCounts: (listener) => {
        report = listener;
      },
      // The embedded binder keeps a log, in which whoever runs the pipelines counts by itself.
      lag: () => Promise.resolve(undefined),
      exited,
      stop: () => stop.abort(),
      kill: () => stop.abort(),
    };
  };
}

/** Emits JSON texts: the items of a JSON array, with their field `key` as key and `h` as header. */
const emit = defineSource({
  name: 'emit',
  description: 'Emits the items of a JSON array.',
  options: defineOptions({ items: option.string('emit.items', { doc: 'A JSON array.', required: true }) }),
  async *generate({ options }) {
    for (const item of JSON.parse(options.items) as { key?: string; h?: string }[]) {
      const headers = item.h === undefined ? {} : { h: item.h };
      yield message(JSON.stringify(item), { key: item.key, headers, contentType: 'application/json' });
    }
  },
});

function collect(into: Map<string, AppMessage[]>) {
  return defineSink({
    name: 'collect',
    description: 'Keeps messages.',
    options: defineOptions({ as: option.string('collect.as', { doc: 'Under which name.', default: 'all' }) }),
    handle(received, { options }) {
      const kept = into.get(options.as) ?? [];
      kept.push(received);
      into.set(options.as, kept);
    },
  });
}
