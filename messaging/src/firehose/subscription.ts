import type { Timer } from '@millrace/core';
import type { SubscribeOptions, Subscription, SubscriptionHealth } from '../client.ts';
import type { EventStream } from '../definitions.ts';
import { binderError } from '../errors.ts';
import type { Life } from '../runtime/supervisor.ts';
import { Supervisor } from '../runtime/supervisor.ts';
import type { Consumption } from './failures.ts';
import { provision } from './publishing.ts';
import { type Processor, Session } from './session.ts';

/** How often the lag is asked for. */
const lagEveryMs = 10_000;

/** A supervised consumer of an event stream. */
export class EventSubscription implements Subscription {
  readonly name: string;
  readonly #consumption: Consumption;
  readonly #stream: EventStream<never>;
  readonly #options: SubscribeOptions;
  readonly #processor: Processor;
  readonly #supervisor: Supervisor;
  #session: Session | undefined;
  #paused = false;
  #unregister: (() => void) | undefined;
  #lagTimer: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(consumption: Consumption, stream: EventStream<never>, options: SubscribeOptions, processor: Processor) {
    const { services, destination, group, metrics } = consumption;
    this.name = `${destination}/${group}`;
    this.#consumption = consumption;
    this.#stream = stream;
    this.#options = options;
    this.#processor = processor;
    this.#supervisor = new Supervisor({
      name: `subscription '${this.name}'`,
      clock: services.clock,
      log: services.log,
      restarts: metrics.restarts,
      attach: (signal) => this.#attach(signal),
    });
  }

  /** Attaches for the first time; later deaths are cured without telling the caller. */
  async start(): Promise<void> {
    this.#unregister = this.#consumption.services.register(this);
    try {
      await this.#supervisor.start();
    } catch (error) {
      this.#unregister();
      throw error;
    }
    this.#watchLag();
  }

  get health(): SubscriptionHealth {
    const { handled, failed, parked, blocked } = this.#consumption.tally;
    const error = this.#supervisor.error ?? blocked;
    const inFlight = this.#session?.inFlight ?? 0;
    return { status: this.#status(), ...(error === undefined ? {} : { error }), inFlight, handled, failed, parked };
  }

  pause(): void {
    this.#paused = true;
    this.#processor.pause();
    this.#session?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#processor.resume();
    this.#session?.resume();
  }

  async lag(): Promise<number | undefined> {
    return this.#session?.lag();
  }

  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#shutDown(options.deadlineMs ?? this.#consumption.services.defaults.closeDeadlineMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(deadlineMs: number): Promise<void> {
    this.#supervisor.stop();
    this.#lagTimer?.cancel();
    try {
      await this.#session?.close(deadlineMs);
    } finally {
      this.#unregister?.();
    }
  }

  #status(): SubscriptionHealth['status'] {
    const { status } = this.#supervisor;
    if (status !== 'up') return status;
    if (this.#consumption.tally.blocked !== undefined) return 'recovering';
    return this.#paused ? 'paused' : 'up';
  }

  async #attach(signal: AbortSignal): Promise<Life> {
    const { services, metrics } = this.#consumption;
    const { name } = this.#stream;
    const { group, start, assignment, maxInFlight = 1000 } = this.#options;
    const binder = await services.binderFor(this.#stream);
    const session = new Session({
      binder,
      processor: this.#processor,
      clock: services.clock,
      log: services.log,
      metrics,
      maxInFlight,
    });
    try {
      await provision(binder, this.#stream);
      const { partitions } = this.#stream.options;
      // Not the signal: a binder ends the consumer with it, and what runs is to be finished and acknowledged first.
      const wanted = { start, partitions, assignment, maxInFlight: session.binderWindow, listener: session.listener };
      const binding = await binder.bindConsumer(name, group, wanted);
      if (this.#paused) session.pause();
      session.start(binding);
    } catch (error) {
      throw binderError(binder, `subscribe to '${name}'`, error);
    }
    this.#session = session;
    // Closed while it was being attached: `close` did not know of this session.
    if (signal.aborted) await session.close(0);
    return session;
  }

  #watchLag(): void {
    const { clock, log } = this.#consumption.services;
    this.#lagTimer = clock.after(lagEveryMs, () => {
      this.lag()
        .then((lag) => lag !== undefined && this.#consumption.metrics.lag.set(lag))
        .catch((error: unknown) => log('warn', `the lag of '${this.name}' is unknown`, { error: String(error) }))
        .finally(() => this.#closing === undefined && this.#watchLag());
    });
  }
}
