import type { QueueConsumer } from '../binder/index.ts';
import type { CommandHandler, HandleOptions, Subscription, SubscriptionHealth } from '../client.ts';
import { binderError } from '../errors.ts';
import { checkChoice, checkCount, checkMs } from '../policies/option-checks.ts';
import { retryPolicy } from '../policies/retry.ts';
import type { Services } from '../runtime/services.ts';
import { Supervisor, type Life } from '../runtime/supervisor.ts';
import { commandGroup, CommandRunner } from './command-runner.ts';
import { CommandTally } from './command-tally.ts';
import type { Endpoint } from './endpoint.ts';
import { HandlerLoop } from './handler-loop.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Outcomes } from './outcomes.ts';

interface Attached {
  readonly loop: HandlerLoop;
  readonly consumer: QueueConsumer;
}

const standard = { concurrency: 16, leaseMs: 30_000, onFailure: 'park' } as const;

/** One handler of a command: a competing consumer that is attached again whenever it dies. */
export class CommandSubscription<I, O> implements Subscription {
  readonly name: string;
  readonly #services: Services;
  readonly #endpoint: Endpoint<I, O>;
  readonly #options: HandleOptions & typeof standard;
  readonly #runner: CommandRunner<I, O>;
  readonly #tally: CommandTally;
  readonly #supervisor: Supervisor;
  readonly #unregister: () => void;
  #attached: Attached | undefined;
  #paused = false;
  #closing: Promise<void> | undefined;

  constructor(services: Services, endpoint: Endpoint<I, O>, options: HandleOptions, handler: CommandHandler<I, O>) {
    this.name = endpoint.queue;
    this.#services = services;
    this.#endpoint = endpoint;
    this.#options = checked({ ...standard, ...defined(options) });
    this.#tally = new CommandTally(services.metrics, endpoint.queue, commandGroup);
    const retry = retryPolicy(options.retry, services.defaults.retry);
    this.#runner = new CommandRunner({
      endpoint,
      handler,
      retry,
      onFailure: this.#options.onFailure,
      services,
      tally: this.#tally,
    });
    this.#supervisor = new Supervisor({
      name: `the handler of '${this.name}'`,
      clock: services.clock,
      log: services.log,
      restarts: this.#tally.metrics.restarts,
      attach: () => this.#attach(),
    });
    this.#unregister = services.register(this);
  }

  /** Attaches for the first time; from then on it looks after itself. */
  async start(): Promise<void> {
    try {
      await this.#supervisor.start();
    } catch (error) {
      this.#unregister();
      throw binderError(this.#endpoint.binder, `consume '${this.name}'`, error);
    }
  }

  get health(): SubscriptionHealth {
    const { status, error } = this.#supervisor;
    const inFlight = this.#attached?.loop.held ?? 0;
    const { handled, failed, parked } = this.#tally;
    return { status: status === 'up' && this.#paused ? 'paused' : status, error, inFlight, handled, failed, parked };
  }

  pause(): void {
    this.#paused = true;
    this.#attached?.loop.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#attached?.loop.resume();
  }

  /** Commands waiting in the queue, ready or delayed. */
  async lag(): Promise<number | undefined> {
    const depth = await this.#attached?.consumer.depth();
    if (depth !== undefined) this.#tally.metrics.lag.set(depth);
    return depth;
  }

  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.deadlineMs ?? this.#services.defaults.closeDeadlineMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#supervisor.stop();
    try {
      await this.#attached?.loop.close(deadlineMs);
    } finally {
      this.#unregister();
    }
  }

  async #attach(): Promise<Life> {
    const { concurrency, leaseMs } = this.#options;
    const maxInFlight = Math.min(1000, Math.max(256, concurrency * 16));
    const consumer = await this.#endpoint.facet.consume(this.#endpoint.queue, { maxInFlight, leaseMs });
    if (this.#closing !== undefined) {
      await consumer.close();
      return { ended: Promise.resolve() };
    }
    const loop = this.#loop(consumer, concurrency, maxInFlight, leaseMs);
    this.#attached = { loop, consumer };
    return { ended: this.#live(loop) };
  }

  #loop(consumer: QueueConsumer, concurrency: number, maxInFlight: number, leaseMs: number): HandlerLoop {
    const { clock, log } = this.#services;
    const { binder, can } = this.#endpoint;
    const leases = new LeaseKeeper(clock, can.leases ? leaseMs : Infinity, consumer);
    const name = `the handler of '${this.name}'`;
    const outcomes = new Outcomes({ name, binder, consumer, leases, clock, log });
    const run = this.#runner.run.bind(this.#runner);
    const received = (count: number): void => this.#tally.metrics.received.inc(count);
    const loop = new HandlerLoop({ name: this.name, consumer, run, outcomes, leases, clock, concurrency, maxInFlight, received });
    if (this.#paused) loop.pause();
    return loop;
  }

  /** Resolves when the loop was closed; a dead consumer is detached before its successor comes. */
  async #live(loop: HandlerLoop): Promise<void> {
    try {
      await loop.fetch();
    } catch (error) {
      void this.#detach(loop);
      throw binderError(this.#endpoint.binder, `consume '${this.name}'`, error);
    }
  }

  /** What still runs may finish and be acknowledged, if the old consumer can still do so. */
  async #detach(loop: HandlerLoop): Promise<void> {
    try {
      await loop.close(this.#services.defaults.closeDeadlineMs);
    } catch (error) {
      this.#services.log('warn', `a dead consumer of '${this.name}' could not be detached`, { error });
    }
  }
}

function checked<
  T extends { readonly concurrency: number; readonly leaseMs: number; readonly onFailure?: HandleOptions['onFailure'] },
>(options: T): T {
  checkCount('concurrency', options.concurrency);
  checkMs('leaseMs', options.leaseMs, 100);
  checkChoice('onFailure', options.onFailure, ['park', 'skip']);
  return options;
}

function defined(options: HandleOptions): HandleOptions & typeof standard {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as HandleOptions & typeof standard;
}
