import { defineOptions, optionHelp, readOptions, systemClock } from '@millrace/core';
import type { Clock } from '@millrace/core';
import type { Millrace } from '@millrace/messaging';
import { MetricsRegistry } from '@millrace/messaging/policies';
import type { CountsReport } from '../pipeline/spawn.ts';
import { appError } from '../errors.ts';
import { FusedPipeline } from '../pipeline/fused-pipeline.ts';
import type { PlannedApp } from '../pipeline/plan.ts';
import type { AppProgress } from '../pipeline/progress.ts';
import { inputOptions, instanceOptions, outputOptions } from './bindings.ts';
import type { InstanceSettings } from './bindings.ts';
import { loadConfiguration } from './config/load.ts';
import type { Properties } from './config/properties.ts';
import { Connections } from './connections.ts';
import { pauser } from './create-context.ts';
import type { AppDefinition } from './define.ts';
import { HttpHost } from './http-host.ts';
import type { HttpListener } from './http-host.ts';
import { lineLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import { managementEndpoints } from './management.ts';
import type { BindingState } from './management.ts';

/** How an app is run as a program. */
export interface RunAppOptions {
  /** Arguments `--name=value` (default: those of the process). */
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
  /** Directories with `application.{json,yml,properties}` instead of `/config` and `<cwd>/config`. */
  readonly configDirectories?: readonly string[] | undefined;
  /**
   * Connects to the brokers, with the app's properties under Spring's names; the runtime is closed when the app ends. It must not handle
   * signals itself.
   */
  readonly connect: (properties: Readonly<Record<string, unknown>>) => Promise<Millrace>;
  readonly signal?: AbortSignal | undefined;
  /** Drain on SIGTERM and SIGINT (default true). */
  readonly handleSignals?: boolean | undefined;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
  /** How long messages under way may take at the end (default 30 s). */
  readonly drainMs?: number | undefined;
  /** Told once the app runs, with the port of its management endpoints and what it is bound to. */
  readonly onReady?: ((info: { readonly port: number; readonly bindings: readonly BindingState[] }) => void) | undefined;
}

/**
 * Runs one app: reads its configuration, binds it to its destinations, serves `/actuator` and works until it is told to stop or, if it
 * is a source that ends, is done; then finishes what is under way and closes the runtime. Resolves with what it did. Rejects with the
 * errors of configuration and options, or with `APP_FAILED`.
 */
export async function runApp(definition: AppDefinition, options: RunAppOptions): Promise<AppProgress> {
  return new RunningApp(definition, options).run();
}

/** The `--help` text of an app: its options, then those of every app of its kind. */
export function appHelp(definition: AppDefinition): string {
  const { description, kind, options } = definition;
  const shared = { ...(kind === 'source' ? {} : inputOptions), ...(kind === 'sink' ? {} : outputOptions), ...instanceOptions };
  const own = Object.keys(options).length === 0 ? 'It has no options of its own.' : `Options:\n${optionHelp(options)}`;
  return `${description}\n\n${own}\n\nOptions of every ${kind}:\n${optionHelp(defineOptionsUnder(shared))}\n`;
}

// Short names would promise what is only understood in full.
function defineOptionsUnder(specs: Parameters<typeof defineOptions>[0]) {
  return Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, { ...spec, shortName: spec.name }]));
}

function refuseComposition(properties: Properties): void {
  const definition = properties.get('spring.cloud.function.definition');
  if (typeof definition !== 'string' || !/[|,]/.test(definition)) return;
  const pipeline = definition.replace(/["']/g, '').split(/[|,]/).join(' | ');
  throw appError('COMPOSITION_UNSUPPORTED', { definition, pipeline });
}

function springProperties(properties: Properties): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties.under('spring')).map(([name, value]) => [`spring.${name}`, value]));
}

const reportMs = 500;
/** How long closing may take after the drain. */
const closeMs = 2000;

class RunningApp {
  readonly #definition: AppDefinition;
  readonly #options: RunAppOptions;
  readonly #settings: InstanceSettings;
  readonly #pipeline: FusedPipeline;
  readonly #app: PlannedApp;
  readonly #connections: Connections;
  readonly #http: HttpHost;
  readonly #metrics = new MetricsRegistry();
  readonly #stop = new AbortController();
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #stopped = new Set<string>();

  constructor(definition: AppDefinition, options: RunAppOptions) {
    const properties = loadConfiguration({
      args: options.args ?? process.argv.slice(2),
      env: options.env ?? process.env,
      cwd: options.cwd,
      configDirectories: options.configDirectories,
      options: definition.options,
      owner: `The ${definition.kind} '${definition.name}'`,
    });
    refuseComposition(properties);
    this.#definition = definition;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? lineLogger((line) => process.stdout.write(line));
    this.#settings = readOptions(instanceOptions, properties);
    this.#connections = new Connections(() => options.connect(springProperties(properties)));
    this.#http = new HttpHost((error) => this.#logger.log('ERROR', String(error)));
    this.#app = {
      stream: this.#settings.stream,
      label: this.#settings.label || definition.name,
      definition,
      values: {},
      properties,
      input: readOptions(inputOptions, properties),
      output: readOptions(outputOptions, properties),
    };
    this.#pipeline = this.#createPipeline();
  }

  async run(): Promise<AppProgress> {
    const ignoreSignals = this.#listenToSignals();
    const reporting = setInterval(() => this.#report(), reportMs);
    let management: HttpListener | undefined;
    try {
      management = await this.#serve();
      await this.#work(management.port);
    } finally {
      this.#stop.abort();
      await this.#close(management);
      this.#report();
      clearInterval(reporting);
      ignoreSignals();
    }
    return this.#progress()!;
  }

  #createPipeline(): FusedPipeline {
    const services = {
      connections: this.#connections,
      http: this.#http,
      logger: this.#logger,
      clock: this.#clock,
      metrics: this.#metrics,
    };
    const { index, count } = this.#settings;
    const plan = { name: this.#app.stream, apps: [this.#app], bound: true };
    return new FusedPipeline(plan, { services, isTapped: () => true, instance: { index, count }, drainMs: this.#options.drainMs });
  }

  async #work(port: number): Promise<void> {
    await this.#pipeline.prepare();
    await this.#pipeline.attach();
    this.#stop.signal.addEventListener('abort', () => this.#pipeline.stop(), { once: true });
    this.#options.onReady?.({ port, bindings: this.#bindings() });
    if (this.#definition.kind === 'source') await this.#pipeline.runSource();
    else while (!this.#stop.signal.aborted) await pauser(this.#clock, this.#stop.signal)(3_600_000);
  }

  // A broker that is gone must not keep the app from ending.
  async #close(management: HttpListener | undefined): Promise<void> {
    const { drainMs = 30_000 } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const deadlineMs = drainMs + closeMs;
    const timer = this.#clock.after(deadlineMs, () => reject(appError('CLOSE_TIMEOUT', { app: this.#app.label, deadlineMs })));
    try {
      await Promise.race([this.#closeAll(management), late]);
    } finally {
      timer.cancel();
    }
  }

  async #closeAll(management: HttpListener | undefined): Promise<void> {
    try {
      await this.#pipeline.close();
    } finally {
      await management?.close();
      if (this.#connections.used) await (await this.#connections.runtime()).close({ deadlineMs: closeMs });
    }
  }

  #serve(): Promise<HttpListener> {
    const { port, address, shutdown } = this.#settings;
    const handler = managementEndpoints({
      definition: this.#definition,
      runtime: async () => (this.#connections.used ? this.#connections.runtime() : undefined),
      metrics: this.#metrics,
      bindings: () => this.#bindings(),
      change: (binding, state) => this.#change(binding, state),
      shutdown: shutdown ? () => this.#stop.abort() : undefined,
    });
    return this.#http.listen({ port, host: address }, handler);
  }

  #bindings(): readonly BindingState[] {
    const { definition, input, output } = this.#app;
    const found: BindingState[] = [];
    if (definition.kind !== 'source') {
      const paused = this.#pipeline.subscriptions.some(({ health }) => health.status === 'paused');
      const state = this.#stopped.has('input') ? 'stopped' : paused ? 'paused' : 'running';
      found.push({ name: 'input', destination: input.destination ?? 'input', group: input.group, state });
    }
    if (definition.kind !== 'sink') {
      found.push({ name: 'output', destination: output.destination ?? 'output', group: undefined, state: 'running' });
    }
    return found;
  }

  // Both hold the messages back and keep the place in the group; they differ in what is shown.
  async #change(binding: string, state: string): Promise<boolean> {
    if (binding !== 'input' || this.#definition.kind === 'source') return false;
    if (state === 'PAUSED' || state === 'STOPPED') for (const subscription of this.#pipeline.subscriptions) subscription.pause();
    else if (state === 'STARTED' || state === 'RESUMED')
      for (const subscription of this.#pipeline.subscriptions) subscription.resume();
    else return false;
    if (state === 'STOPPED') this.#stopped.add(binding);
    else this.#stopped.delete(binding);
    return Promise.resolve(true);
  }

  #listenToSignals(): () => void {
    const stop = () => this.#stop.abort();
    this.#options.signal?.addEventListener('abort', stop);
    if (this.#options.signal?.aborted === true) stop();
    const signals = this.#options.handleSignals === false ? [] : (['SIGTERM', 'SIGINT'] as const);
    for (const signal of signals) process.on(signal, stop);
    // Whoever started this process over an IPC channel is gone when the channel is.
    const parent = this.#options.handleSignals !== false && process.send !== undefined;
    if (parent) process.on('disconnect', stop);
    return () => {
      if (parent) process.off('disconnect', stop);
      this.#options.signal?.removeEventListener('abort', stop);
      for (const signal of signals) process.off(signal, stop);
    };
  }

  /** Nothing before the app is connected. */
  #progress(): AppProgress | undefined {
    return this.#pipeline.progress(this.#stop.signal.aborted).apps[0];
  }

  #report(): void {
    const progress = this.#progress();
    if (progress === undefined) return;
    const { in: received, out, failed, parked } = progress;
    const report: CountsReport = { kind: 'millrace.counts', counts: { in: received, out, failed, parked } };
    if (process.send !== undefined && process.connected) process.send(report);
  }
}
