import { messageOf, systemClock } from '@millrace/core';
import type { Binder } from '../binder/index.ts';
import type { Health, Millrace, RuntimeOptions } from '../client.ts';
import { createCommands } from '../commands/index.ts';
import { createRegions } from '../data-events/index.ts';
import type { Definition, Region } from '../definitions.ts';
import { raise } from '../errors.ts';
import { createEventStreams } from '../firehose/index.ts';
import { CodecRegistry } from '../policies/codec.ts';
import { MetricsRegistry } from '../policies/metrics.ts';
import { ParkingLot } from '../policies/park.ts';
import type { ParkedMessages } from '../policies/parked.ts';
import { createParkedMessages } from '../policies/parked-messages.ts';
import { Tracing } from '../policies/tracing.ts';
import { BinderPool } from './binder-pool.ts';
import { type Log, logToStderr } from './log.ts';
import type { Commands, Defaults, EventStreams, Regions, Services } from './services.ts';
import { drainOnSignals } from './signals.ts';
import { Subscriptions } from './subscriptions.ts';
import { isolateUncaught } from './uncaught.ts';

/** Puts a runtime together. Nothing is opened before it is used. */
export function createRuntime(options: RuntimeOptions): Millrace {
  return new Runtime(options);
}

/** The three patterns over shared services; see {@link Millrace}. */
class Runtime implements Millrace {
  readonly publish: EventStreams['publish'];
  readonly publishAll: EventStreams['publishAll'];
  readonly subscribe: EventStreams['subscribe'];
  readonly subscribeBatch: EventStreams['subscribeBatch'];
  readonly read: EventStreams['read'];
  readonly transaction: EventStreams['transaction'];
  readonly send: Commands['send'];
  readonly call: Commands['call'];
  readonly handle: Commands['handle'];
  readonly cancel: Commands['cancel'];
  readonly parked: ParkedMessages;
  readonly #regions: Regions;
  readonly #modules: readonly { close(): Promise<void> }[];
  readonly #binders: BinderPool;
  readonly #subscriptions = new Subscriptions();
  readonly #metrics = new MetricsRegistry();
  readonly #defaults: Defaults;
  readonly #stopListening: (() => void)[] = [];
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(options: RuntimeOptions) {
    const log = options.log ?? logToStderr;
    const { defaultBinder, destinations = {} } = options;
    this.#binders = new BinderPool({ create: options.binders, defaultBinder, destinations, log, metrics: this.#metrics });
    this.#defaults = { retry: {}, deadlineMs: 30_000, closeDeadlineMs: 30_000, ...options.defaults };
    const services = this.#services(options);
    this.parked = createParkedMessages(this.#binders, services.clock);
    const events = createEventStreams(services);
    const commands = createCommands(services);
    this.#regions = createRegions(services);
    this.#modules = [events, commands, this.#regions];
    this.publish = events.publish.bind(events);
    this.publishAll = events.publishAll.bind(events);
    this.subscribe = events.subscribe.bind(events);
    this.subscribeBatch = events.subscribeBatch.bind(events);
    this.read = events.read.bind(events);
    this.transaction = events.transaction.bind(events);
    this.send = commands.send.bind(commands);
    this.call = commands.call.bind(commands);
    this.handle = commands.handle.bind(commands);
    this.cancel = commands.cancel.bind(commands);
    if (options.handleSignals !== false) this.#stopListening.push(drainOnSignals(() => this.#drain(log)));
    if (options.isolateUncaught !== false) this.#stopListening.push(isolateUncaught(services.tracing, log));
  }

  region<V>(region: Region<V>) {
    return this.#regions.region(region);
  }

  health(): Health {
    const binders = this.#binders.health();
    const subscriptions = this.#subscriptions.health();
    const bindersUp = Object.values(binders).every(({ status }) => status === 'up');
    const subscriptionsUp = Object.values(subscriptions).every(({ status }) => status === 'up' || status === 'paused');
    return { status: bindersUp && subscriptionsUp ? 'up' : 'down', binders, subscriptions };
  }

  metrics(): string {
    return this.#metrics.text();
  }

  async binder(of?: string | Definition) {
    this.#assertOpen('open a binder');
    const raw: Binder = await (typeof of === 'object' ? this.#binders.for(of) : this.#binders.get(of));
    return { name: raw.name, capabilities: raw.capabilities, provisioner: raw.provisioner, raw };
  }

  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#shutDown(options.deadlineMs ?? this.#defaults.closeDeadlineMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(log: Log): Promise<void> {
    try {
      await this.close();
    } catch (error) {
      log('error', `draining was not complete: ${messageOf(error)}`);
    }
  }

  async #shutDown(deadlineMs: number): Promise<void> {
    try {
      await this.#subscriptions.close(deadlineMs);
      // Only now: handlers that were finishing may have had something to send.
      this.#closed = true;
      await Promise.all(this.#modules.map((module) => module.close()));
    } finally {
      this.#closed = true;
      this.#stopListening.forEach((stop) => stop());
      await this.#binders.close();
    }
  }

  #services(options: RuntimeOptions): Services {
    return {
      name: options.name ?? `process-${process.pid}`,
      clock: options.clock ?? systemClock,
      log: options.log ?? logToStderr,
      metrics: this.#metrics,
      tracing: new Tracing(),
      codecs: new CodecRegistry(options.codecs),
      parked: new ParkingLot(),
      defaults: this.#defaults,
      binderFor: (definition: Definition) => this.#binders.for(definition),
      register: (subscription) => this.#subscriptions.add(subscription),
      assertOpen: (operation) => this.#assertOpen(operation),
    };
  }

  #assertOpen(operation: string): void {
    if (this.#closed) throw raise('RUNTIME_CLOSED', { operation });
  }
}
