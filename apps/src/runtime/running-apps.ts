import { readOptions, systemClock } from '@millrace/core';
import type { Clock } from '@millrace/core';
import type { Millrace } from '@millrace/messaging';
import { MetricsRegistry } from '@millrace/messaging/policies';
import type { CountsReport, LagReport, LagRequest } from '../pipeline/spawn.ts';
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
  /** Whether it stays when its source has ended by itself, and serves its endpoints until it is told to stop (default false). */
  readonly stay?: boolean | undefined;
  /** How long messages under way may take at the end (default 30 s). */
  readonly drainMs?: number | undefined;
  /** Told once the app runs, with the port of its management endpoints and what it is bound to. */
  readonly onReady?: ((info: { readonly port: number; readonly bindings: readonly BindingState[] }) => void) | undefined;
}

/** An app of a process. */
export interface AppToRun {
  readonly definition: AppDefinition;
  /** Its own configuration, as strong as `SPRING_APPLICATION_JSON`, which all apps of the process share. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
}

function propertiesOf({ definition, properties }: AppToRun, options: RunAppOptions): Properties {
  const found = loadConfiguration({
    args: options.args ?? process.argv.slice(2),
    env: options.env ?? process.env,
    properties,
    cwd: options.cwd,
    configDirectories: options.configDirectories,
    options: definition.options,
    owner: `The ${definition.kind} '${definition.name}'`,
  });
  refuseComposition(found);
  return found;
}

function plannedApp(definition: AppDefinition, properties: Properties): PlannedApp {
  const { stream, label } = readOptions(instanceOptions, properties);
  return {
    stream,
    label: label || definition.name,
    definition,
    values: {},
    properties,
    input: readOptions(inputOptions, properties),
    output: readOptions(outputOptions, properties),
  };
}

function checkNeighbours(apps: readonly PlannedApp[]): void {
  for (const [index, next] of apps.entries()) {
    const app = apps[index - 1];
    if (app === undefined) continue;
    const [output, input] = [app.output.destination, next.input.destination];
    if (output === undefined || output !== input)
      throw appError('NOT_NEIGHBOURS', { app: app.label, next: next.label, output, input });
  }
}

function refuseComposition(properties: Properties): void {
  const definition = properties.get('spring.cloud.function.definition');
  if (typeof definition !== 'string' || !/[|,]/.test(definition)) return;
  const pipeline = definition.replace(/["']/g, '').split(/[|,]/).join(' | ');
  throw appError('COMPOSITION_UNSUPPORTED', { definition, pipeline });
}

// Where neighbours differ it is about their bindings, which say themselves by which binder they go.
function springProperties(apps: readonly Properties[]): Record<string, unknown> {
  const all = apps.flatMap((properties) => Object.entries(properties.under('spring')));
  return Object.fromEntries(all.map(([name, value]) => [`spring.${name}`, value]));
}

const reportMs = 500;
/** How long closing may take after the drain. */
const closeMs = 2000;

/** Neighbours of a pipeline in this process, from their configuration to their end. */
export class RunningApps {
  readonly #options: RunAppOptions;
  readonly #settings: InstanceSettings;
  readonly #pipeline: FusedPipeline;
  readonly #apps: readonly PlannedApp[];
  readonly #connections: Connections;
  readonly #http: HttpHost;
  readonly #metrics = new MetricsRegistry();
  readonly #stop = new AbortController();
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #stopped = new Set<string>();
  #ready = false;

  constructor(apps: readonly [AppToRun, ...AppToRun[]], options: RunAppOptions) {
    const [first, ...rest] = apps;
    const all = [first, ...rest].map((app) => propertiesOf(app, options));
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? lineLogger((line) => process.stdout.write(line));
    this.#settings = readOptions(instanceOptions, all[0]!);
    this.#connections = new Connections(() => options.connect(springProperties(all)));
    this.#http = new HttpHost((error) => this.#logger.log('ERROR', String(error)));
    this.#apps = apps.map(({ definition }, index) => plannedApp(definition, all[index]!));
    this.#pipeline = this.#createPipeline();
  }

  /** Works until they are told to stop or, where the first is a source that ends, all is done; resolves with what each did. */
  async run(): Promise<readonly AppProgress[]> {
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
    return this.#progress();
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
    checkNeighbours(this.#apps);
    const plan = { name: this.#settings.stream, apps: this.#apps, bound: true };
    const tapped = new Set(this.#apps.flatMap(({ output }) => (output.tap ? [output.destination] : [])));
    const isTapped = (name: string): boolean => tapped.has(name);
    return new FusedPipeline(plan, { services, isTapped, instance: { index, count }, drainMs: this.#options.drainMs });
  }

  async #work(port: number): Promise<void> {
    await this.#pipeline.prepare();
    await this.#pipeline.attach();
    if (this.#apps.length > 1) await this.#pipeline.attachRedriven();
    this.#ready = true;
    this.#stop.signal.addEventListener('abort', () => this.#pipeline.stop(), { once: true });
    this.#options.onReady?.({ port, bindings: this.#bindings() });
    const isSource = this.#apps[0]!.definition.kind === 'source';
    if (isSource) await this.#pipeline.runSource();
    if (!isSource || this.#options.stay === true)
      while (!this.#stop.signal.aborted) await pauser(this.#clock, this.#stop.signal)(3_600_000);
  }

  // A broker that is gone must not keep the app from ending.
  async #close(management: HttpListener | undefined): Promise<void> {
    const { drainMs = 30_000 } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const deadlineMs = drainMs + closeMs;
    const timer = this.#clock.after(deadlineMs, () => reject(appError('CLOSE_TIMEOUT', { app: this.#name, deadlineMs })));
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
      apps: this.#apps.map(({ definition }) => definition),
      ready: () => this.#ready,
      runtime: async () => (this.#connections.used ? this.#connections.runtime() : undefined),
      metrics: this.#metrics,
      bindings: () => this.#bindings(),
      change: (binding, state) => this.#change(binding, state),
      shutdown: shutdown ? () => this.#stop.abort() : undefined,
    });
    return this.#http.listen({ port, host: address }, handler);
  }

  #bindings(): readonly BindingState[] {
    const [first, last] = [this.#apps[0]!, this.#apps.at(-1)!];
    const found: BindingState[] = [];
    if (first.definition.kind !== 'source') {
      const { input } = first;
      const paused = this.#pipeline.subscriptions.some(({ health }) => health.status === 'paused');
      const state = this.#stopped.has('input') ? 'stopped' : paused ? 'paused' : 'running';
      found.push({ name: 'input', destination: input.destination ?? 'input', group: input.group, state });
    }
    if (last.definition.kind !== 'sink') {
      const { output } = last;
      found.push({ name: 'output', destination: output.destination ?? 'output', group: undefined, state: 'running' });
    }
    return found;
  }

  // Both hold the messages back and keep the place in the group; they differ in what is shown.
  async #change(binding: string, state: string): Promise<boolean> {
    if (binding !== 'input' || this.#apps[0]!.definition.kind === 'source') return false;
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
    const answer = (message: unknown): void => void this.#answer(message as Partial<LagRequest> | null);
    if (parent) process.on('disconnect', stop).on('message', answer);
    return () => {
      if (parent) process.off('disconnect', stop).off('message', answer);
      this.#options.signal?.removeEventListener('abort', stop);
      for (const signal of signals) process.off(signal, stop);
    };
  }

  get #name(): string {
    return this.#apps.map(({ label }) => label).join(' | ');
  }

  /** Nothing before the apps are connected. */
  #progress(): readonly AppProgress[] {
    return this.#pipeline.progress(this.#stop.signal.aborted).apps;
  }

  // Whoever starts processes over an IPC channel gives each a single app.
  #report(): void {
    const [progress] = this.#progress();
    if (progress === undefined) return;
    const { in: received, out, failed, parked } = progress;
    const report: CountsReport = { kind: 'millrace.counts', counts: { in: received, out, failed, parked } };
    if (process.send !== undefined && process.connected) process.send(report);
  }

  /** Before the apps are connected nobody knows what waits for them. */
  async #answer(message: Partial<LagRequest> | null): Promise<void> {
    if (message?.kind !== 'millrace.lag?' || message.request === undefined) return;
    // Where it cannot be had now it is unknown; the subscription itself finds out whether something is wrong.
    const lag = this.#ready ? await this.#pipeline.lag().catch(() => undefined) : undefined;
    const report: LagReport = { kind: 'millrace.lag', request: message.request, lag };
    if (process.connected) process.send!(report);
  }
}
