import { headerNames, type RegionWatch, type WatchEvent, type WatchOptions } from '../binder/index.ts';
import type { Subscription, SubscriptionHealth } from '../client.ts';
import { binderError, raise } from '../errors.ts';
import { consumerMetrics, type ConsumerMetrics } from '../policies/consumer-metrics.ts';
import { delay } from '../policies/deadline.ts';
import { retryPolicy } from '../policies/retry.ts';
import { runHandler } from '../policies/run-handler.ts';
import { Supervisor, type Life } from '../runtime/supervisor.ts';
import { ChangeTracker } from './change-tracker.ts';
import { Dispatcher } from './dispatcher.ts';
import type { EntryCoder } from './entry-coder.ts';
import { EventDecoder } from './event-decoder.ts';
import { PositionAcks } from './position-acks.ts';
import type { Watch, WatchHandler, WatchRequest } from './region-handle.ts';
import type { OpenRegion, RegionServices } from './region-route.ts';
import type { TrackedEvent } from './tracked-event.ts';
import type { WatchPlan } from './watch-plan.ts';

/** What a watcher is made of. */
export interface WatcherParts<V> {
  readonly shared: RegionServices;
  readonly region: OpenRegion;
  readonly coder: EntryCoder<V>;
  readonly request: WatchRequest<V>;
  readonly plan: WatchPlan;
  readonly handler: WatchHandler<V>;
}

const maxReceive = 500;

/**
 * A watch of a region, kept alive: when it dies it is opened again where it stopped, or, where the store cannot resume, with a new
 * snapshot that is told as differences.
 */
export class RegionWatcher<V> implements Watch, Subscription {
  readonly name: string;
  readonly #parts: WatcherParts<V>;
  readonly #tracker: ChangeTracker;
  readonly #decoder: EventDecoder<V>;
  readonly #dispatcher: Dispatcher;
  readonly #supervisor: Supervisor;
  readonly #metrics: ConsumerMetrics;
  readonly #acks: PositionAcks;
  readonly #subject: { readonly destination: string; readonly group: string };
  readonly #unregister: () => void;
  #watch: RegionWatch | undefined;
  /** The last event taken over from the binder; what was not handled of it is still held here. */
  #received: string | undefined;
  #wasAttached = false;
  #paused = false;
  #handled = 0;
  #failed = 0;
  #parked = 0;
  #closing: Promise<void> | undefined;

  constructor(parts: WatcherParts<V>) {
    const { shared, region, coder, request, plan } = parts;
    const { services } = shared;
    const group = request.name ?? 'watch';
    this.#subject = { destination: region.binding.region, group };
    this.#parts = parts;
    this.name = `${region.binding.region}/${group}`;
    this.#metrics = consumerMetrics(services.metrics, { kind: 'change', ...this.#subject });
    this.#tracker = newTracker(parts);
    this.#decoder = new EventDecoder(coder, plan.keysOnly, request.fields);
    this.#dispatcher = new Dispatcher({
      clock: services.clock,
      concurrency: request.concurrency ?? 16,
      maxHeld: Math.min(request.maxBacklog ?? 1000, 1000),
      conflate: plan.conflate,
      retry: retryPolicy(request.retry, services.defaults.retry),
      handle: (event) => this.#handle(event),
      givenUp: (event, attempts, error) => this.#givenUp(event, attempts, error),
      retried: () => this.#metrics.retried.inc(),
      advanced: () => this.#advanced(),
    });
    this.#acks = new PositionAcks(
      async (position) => this.#watch?.ack(position),
      (error) => services.log('warn', `${this.name} could not acknowledge, so that events may come again`, { error }),
    );
    const { clock, log } = services;
    const { restarts } = this.#metrics;
    this.#supervisor = new Supervisor({ name: `watch '${this.name}'`, clock, log, restarts, attach: () => this.#attach() });
    this.#unregister = services.register(this);
  }

  /** Opens the watch for the first time; from then on it looks after itself. */
  async start(): Promise<void> {
    try {
      await this.#supervisor.start();
    } catch (error) {
      this.#unregister();
      throw binderError(this.#parts.region.binder, `watch '${this.name}'`, error);
    }
  }

  get status(): Watch['status'] {
    return this.#supervisor.status;
  }

  get health(): SubscriptionHealth {
    const { status, error } = this.#supervisor;
    const counts = { inFlight: this.#dispatcher.held, handled: this.#handled, failed: this.#failed, parked: this.#parked };
    return { status: status === 'up' && this.#paused ? 'paused' : status, error, ...counts };
  }

  resumeToken(): string | undefined {
    return this.#dispatcher.position ?? this.#parts.request.resume;
  }

  pause(): void {
    this.#paused = true;
    this.#dispatcher.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#dispatcher.resume();
  }

  /** The broker does not say how much it holds for a watcher. */
  lag(): Promise<number | undefined> {
    return Promise.resolve(undefined);
  }

  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.deadlineMs ?? this.#parts.shared.services.defaults.closeDeadlineMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#supervisor.stop();
    const waiting = new AbortController();
    await Promise.race([this.#dispatcher.stop(), delay(this.#parts.shared.services.clock, deadlineMs, waiting.signal)]);
    waiting.abort();
    try {
      await this.#acks.idle();
      await this.#watch?.close();
    } finally {
      this.#unregister();
    }
  }

  async #attach(): Promise<Life> {
    const { region, plan } = this.#parts;
    const isAgain = this.#wasAttached;
    const watch = await region.binding.watch(plan.selector, isAgain ? this.#again() : plan.options);
    this.#wasAttached = true;
    if (this.#closing !== undefined) {
      await watch.close();
      return { ended: Promise.resolve() };
    }
    this.#watch = watch;
    return { ended: this.#live(watch, isAgain && !this.#resumes) };
  }

  /** Whether an opened watch goes on where it stopped. */
  get #resumes(): boolean {
    const { request, region } = this.#parts;
    return request.name !== undefined || (region.can.resume && this.#received !== undefined);
  }

  /** How to go on after a death: named watchers where the broker knows, others after what they received, or with a new snapshot. */
  #again(): WatchOptions {
    const { options } = this.#parts.plan;
    if (this.#parts.request.name !== undefined) return { ...options, resumeAfter: undefined };
    if (this.#resumes) return { ...options, snapshot: 'none', resumeAfter: this.#received };
    return { ...options, snapshot: options.snapshot === 'keys' ? 'keys' : 'values', resumeAfter: undefined };
  }

  /** Resolves when the watch was closed, rejects when it died. */
  async #live(watch: RegionWatch, startsOver: boolean): Promise<void> {
    const { region } = this.#parts;
    try {
      if (startsOver) await this.#tell([this.#tracker.gap('the connection was lost and there is nothing to resume from')]);
      await this.#receive(watch);
    } catch (error) {
      void this.#detach(watch);
      throw binderError(region.binder, `watch '${this.name}'`, error);
    }
  }

  async #receive(watch: RegionWatch): Promise<void> {
    for (;;) {
      await this.#dispatcher.room();
      const events = await watch.receive(maxReceive);
      if (this.#closing !== undefined) return;
      if (events.length === 0) throw raise('WATCH_ENDED', { region: this.#parts.region.binding.region });
      for (const event of events) await this.#take(event);
    }
  }

  async #detach(watch: RegionWatch): Promise<void> {
    try {
      await watch.close();
    } catch (error) {
      this.#parts.shared.services.log('warn', `${this.name} could not detach a dead watch`, { error });
    }
  }

  async #take(event: WatchEvent): Promise<void> {
    const told = this.#tracker.accept(event);
    const isInSnapshot = event.kind === 'snapshot' || event.kind === 'gap';
    if (!isInSnapshot) this.#received = event.position;
    if (told.length > 0) await this.#tell(told);
    else if (!isInSnapshot) this.#dispatcher.skip(event.position);
  }

  async #tell(events: readonly TrackedEvent[]): Promise<void> {
    this.#metrics.received.inc(events.length);
    for (const event of events) await this.#dispatcher.dispatch(event);
  }

  async #handle(event: TrackedEvent): Promise<void> {
    const { clock, tracing } = this.#parts.shared.services;
    try {
      const decoded = await this.#decoder.decode(event);
      const began = clock.monotonic();
      await runHandler(tracing, event.metadata, () => this.#parts.handler(decoded), this.#subject);
      this.#metrics.duration.observe((clock.monotonic() - began) / 1000);
    } catch (error) {
      this.#failed++;
      this.#metrics.failed.inc();
      throw error;
    }
    this.#handled++;
    this.#metrics.handled.inc();
  }

  /** Parks the event of a named watcher; that of another is reported only, as nobody would look for it in a dead-letter destination. */
  async #givenUp(event: TrackedEvent, attempts: number, cause: unknown): Promise<boolean> {
    const { request, region, shared } = this.#parts;
    const facts = { kind: event.kind, version: event.version, attempts, error: cause };
    const canPark = region.binder.capabilities.parking || region.binder.capabilities.log !== false;
    if (request.name === undefined || !canPark || event.key === '') {
      this.#metrics.skipped.inc();
      shared.services.log('error', `${this.name} goes on without an event that its handler failed on for good`, facts);
      return true;
    }
    try {
      const origin = { kind: 'change', destination: region.binding.region, group: request.name } as const;
      await shared.services.parked.park(region.binder, parkable(event), { cause, attempts }, origin);
      this.#parked++;
      this.#metrics.parked.inc();
      return true;
    } catch (error) {
      shared.services.log('error', `${this.name} could not park an event and holds back its key`, { ...facts, parking: error });
      return false;
    }
  }

  #advanced(): void {
    if (this.#parts.request.name !== undefined) this.#acks.upTo(this.#dispatcher.position);
  }
}

function newTracker<V>({ shared, region, coder, request, plan }: WatcherParts<V>): ChangeTracker {
  const { matches } = plan;
  return new ChangeTracker({
    matches: matches === undefined ? undefined : (value, contentType) => matches(coder.read(value, contentType)),
    conditional: plan.conditional,
    startsWithSnapshot: plan.options.snapshot !== 'none' && request.resume === undefined && request.name === undefined,
    versions: region.can.versions,
    previousValue: region.can.previousValue,
    differences: request.competing !== true,
    now: () => shared.services.clock.now(),
  });
}

/** A change as a message: its value with what is needed to understand it. */
function parkable(event: TrackedEvent) {
  const headers = {
    ...event.metadata,
    [headerNames.contentType]: event.contentType,
    mr_change_kind: event.kind,
    mr_change_version: event.version,
    mr_change_position: event.position ?? '',
  };
  return { payload: event.value ?? null, headers, key: event.key, timestamp: event.time };
}
