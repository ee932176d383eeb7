import { MillraceError, messageOf } from '@millrace/core';
import type { Subscription } from '@millrace/messaging';
import { buildChain } from '../chain/build.ts';
import type { Chain, ChainLink } from '../chain/build.ts';
import { fanOut } from '../chain/next.ts';
import type { Next } from '../chain/next.ts';
import { SourceRunner } from '../chain/source-runner.ts';
import { appError, appFailed } from '../errors.ts';
import type { ParkOrigin } from '../runtime/connections.ts';
import { createContext, pauser } from '../runtime/create-context.ts';
import type { ProcessServices } from '../runtime/create-context.ts';
import type { AppContext } from '../runtime/context.ts';
import type { SourceDefinition } from '../runtime/define.ts';
import type { Emit } from '../runtime/emit.ts';
import type { AppMessage } from '../runtime/message.ts';
import { compileExpression } from '../runtime/expression.ts';
import { Drain } from './drain.ts';
import type { PlannedApp, PlannedPipeline } from './plan.ts';
import { appProgress } from './progress.ts';
import type { PipelineProgress } from './progress.ts';

/** How a pipeline is run in this process. */
export interface FusedOptions {
  readonly services: ProcessServices;
  /** Whether an app's output is also sent to its destination. */
  readonly isTapped: (destination: string) => boolean;
  readonly instance?: { readonly index: number; readonly count: number };
  /** How long what is under way may take at the end, in milliseconds (default 30 s). */
  readonly drainMs?: number | undefined;
}

const alone = { index: 0, count: 1 };

/** A row of neighbouring apps in this process: from a local source or a destination to a sink or a destination. */
export class FusedPipeline {
  readonly name: string;
  /** Destinations that it reads. */
  readonly inputs: readonly string[];
  readonly #apps: readonly PlannedApp[];
  readonly #options: FusedOptions;
  readonly #stop = new AbortController();
  readonly #contexts = new Map<PlannedApp, AppContext>();
  readonly #outputs = new Set<string>();
  readonly #subscriptions: Subscription[] = [];
  /** By app: what was parked in the middle of the chain and is sent again comes in here. */
  readonly #redriven = new Map<PlannedApp, Promise<Subscription>>();
  readonly #lags = new Map<string, number | undefined>();
  /** Messages that failed in the first app, for the subscription they came from. */
  readonly #failures = new Map<AppMessage, unknown>();
  readonly #drain: Drain;
  #chain: Chain | undefined;
  #source: SourceRunner | undefined;

  /** `plan.apps` must be bound to each other. Creates contexts, so that options and expressions are checked before anything starts. */
  constructor(plan: PlannedPipeline, options: FusedOptions) {
    this.name = plan.name;
    this.#apps = plan.apps;
    this.#options = options;
    this.#drain = new Drain(options.services.clock, options.drainMs ?? 30_000);
    this.inputs = this.#startsWithSource ? [] : destinationsOf(plan.apps[0]!);
    for (const app of plan.apps) this.#contexts.set(app, this.#context(app));
  }

  /** Destinations that it writes, once prepared. */
  get outputs(): ReadonlySet<string> {
    return this.#outputs;
  }

  get endless(): boolean {
    return this.#source === undefined;
  }

  /** Creates the apps and attaches the destinations, sinks first; sources do not run yet. */
  async prepare(): Promise<void> {
    const { services } = this.#options;
    const outputs = new Map<PlannedApp, readonly Next[]>();
    for (const app of this.#apps) outputs.set(app, await this.#ends(app));
    const links = this.#apps.slice(this.#startsWithSource ? 1 : 0).map((app) => this.#link(app, outputs.get(app)!));
    this.#chain = buildChain(links, services.connections, services.clock);
    if (!this.#startsWithSource) return;
    const first = this.#apps[0]!;
    const next = fanOut(links.length === 0 ? outputs.get(first)! : [...outputs.get(first)!, this.#chain.head]);
    this.#source = new SourceRunner(next, services.clock, pauser(services.clock, this.#stop.signal), this.#stop.signal);
  }

  /** Begins to read its destinations. */
  async attach(): Promise<void> {
    const first = this.#apps[0]!;
    for (const destination of this.inputs) {
      const { services, instance = alone } = this.#options;
      const chain = { head: this.#chain!.head, failures: this.#failures, instance };
      this.#subscriptions.push(await services.connections.subscribe(first.input, destination, chain));
    }
  }

  /** Begins to take in again what was parked in the middle of the chain, where there may be such. */
  async attachRedriven(): Promise<void> {
    const { connections } = this.#options.services;
    for (const app of this.#apps.slice(1))
      if (app.input.group !== undefined && (await connections.mayBeRedriven(originOf(app)))) await this.#takeRedriven(app);
  }

  /** Runs the source to its end and until all it emitted is done with. Raises `APP_FAILED`. */
  async runSource(): Promise<void> {
    const first = this.#apps[0]!;
    if (first.definition.kind !== 'source' || this.#source === undefined) return;
    try {
      await Promise.race([this.#drain.late, this.#runToEnd(first, first.definition, this.#source)]);
    } catch (error) {
      if (this.#stop.signal.aborted && error instanceof MillraceError && error.code === 'CANCELLED') return;
      if (error instanceof MillraceError && error.reason === 'CLOSE_TIMEOUT') throw error;
      throw appFailed(first, error);
    }
  }

  async #runToEnd(app: PlannedApp, definition: SourceDefinition, source: SourceRunner): Promise<void> {
    await definition.start(source.emit, this.#contexts.get(app)!);
    await source.idle();
  }

  /** Asks sources to end and stops taking in; what is under way goes on until the drain's deadline. */
  stop(): void {
    this.#stop.abort();
    this.#drain.begin(this.name, () => this.#chain?.abandon());
  }

  /** The subscriptions, for management. */
  get subscriptions(): readonly Subscription[] {
    return this.#subscriptions;
  }

  /**
   * Detaches: waits for what is under way until the drain's deadline, gives up on the rest, and closes the apps. Raises `CLOSE_TIMEOUT`
   * when an app does not even give up.
   */
  async close(): Promise<void> {
    this.stop();
    try {
      await Promise.race([this.#drain.late, this.#closeAll()]);
    } finally {
      this.#drain.end();
    }
  }

  async #closeAll(): Promise<void> {
    const { drainMs: deadlineMs = 30_000 } = this.#options;
    try {
      const subscriptions = [...this.#subscriptions, ...(await this.#redrivenNow())];
      await Promise.all(subscriptions.map((subscription) => subscription.close({ deadlineMs })));
      await this.#source?.idle();
    } finally {
      await this.#chain?.close();
    }
  }

  /** Messages waiting for it at the broker; `undefined` where the binder does not know. */
  async lag(): Promise<number | undefined> {
    let total: number | undefined = 0;
    for (const subscription of [...this.#subscriptions, ...(await this.#redrivenNow())]) {
      const lag = await subscription.lag();
      this.#lags.set(subscription.name, lag);
      total = total === undefined || lag === undefined ? undefined : total + lag + subscription.health.inFlight;
    }
    return total;
  }

  progress(done: boolean): PipelineProgress {
    const [first] = this.#apps;
    const source = this.#source === undefined ? [] : [appProgress(first!, this.#source.counts, undefined)];
    const known = [...this.#lags.values()].filter((lag) => lag !== undefined);
    const lag = known.length === 0 ? undefined : known.reduce((sum, each) => sum + each, 0);
    const links = (this.#chain?.links ?? []).map((link, index) => {
      const app = this.#apps[index + (this.#startsWithSource ? 1 : 0)]!;
      const counts = link.counts();
      // What the first app fails at goes back to the subscription, which parks it in the end.
      for (const { health } of index === 0 ? this.#subscriptions : []) {
        counts.parked += health.parked;
        counts.in += health.parked;
      }
      return appProgress(app, counts, index === 0 ? lag : undefined);
    });
    return { name: this.name, apps: [...source, ...links], done };
  }

  #takeRedriven(app: PlannedApp): Promise<Subscription> {
    const { services, instance = alone } = this.#options;
    const index = this.#apps.indexOf(app) - (this.#startsWithSource ? 1 : 0);
    const chain = { head: this.#chain!.links[index]!.next, failures: new Map(), instance, onlyRedriven: true };
    const known = this.#redriven.get(app) ?? services.connections.subscribe(app.input, originOf(app).destination, chain);
    this.#redriven.set(app, known);
    return known;
  }

  /** Those that are attached; one that could not be is told when it fails. */
  async #redrivenNow(): Promise<readonly Subscription[]> {
    const settled = await Promise.allSettled(this.#redriven.values());
    return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  }

  get #startsWithSource(): boolean {
    return this.#apps[0]!.definition.kind === 'source';
  }

  #context(app: PlannedApp): AppContext {
    const { services, instance = alone } = this.#options;
    const offer: Emit = (emission) => this.#source!.offer(emission);
    return createContext({ ...app, instance }, services, this.#stop.signal, offer);
  }

  // Where an app's output goes besides its neighbour.
  async #ends(app: PlannedApp): Promise<readonly Next[]> {
    const last = app === this.#apps.at(-1);
    const destination = app.output.destination ?? (last ? 'output' : undefined);
    if (app.definition.kind === 'sink' || destination === undefined) return [];
    if (!last && !this.#options.isTapped(destination)) return [];
    this.#outputs.add(destination);
    const { partitionKeyExpression: text } = app.output;
    const key = text === undefined ? undefined : compileExpression(text, 'partition-key-expression', app.label);
    return [await this.#options.services.connections.publisher(destination, app.output, key)];
  }

  #link(app: PlannedApp, outputs: readonly Next[]): ChainLink {
    const { definition } = app;
    if (definition.kind === 'source') throw appError('APP_INVALID', { app: app.label, rule: 'is a source, which takes no input' });
    const first = app === this.#apps[0];
    const context = this.#contexts.get(app)!;
    const parked = (): void => {
      this.#takeRedriven(app).catch((error: unknown) => {
        context.logger.log('WARN', `What is sent again here is not taken in before the next start: ${messageOf(error)}`);
      });
    };
    const handBack = first ? (message: AppMessage, cause: unknown) => void this.#failures.set(message, cause) : undefined;
    return { definition, context, input: app.input, origin: originOf(app), outputs, handBack, parked: first ? undefined : parked };
  }
}

/** Where an app's messages come from, or would if they went through the binder. */
function originOf(app: PlannedApp): ParkOrigin {
  return { destination: destinationsOf(app)[0]!, group: app.input.group ?? 'anonymous', binder: app.input.binder };
}

function destinationsOf(app: PlannedApp): readonly string[] {
  return (app.input.destination ?? 'input').split(',').map((name) => name.trim());
}
