import type { Clock } from '@millrace/core';
import { KeyedExecutor, type Step } from '../policies/keyed-executor.ts';
import { retryDelay, type RetryPolicy } from '../policies/retry.ts';
import { conflate, knewBefore } from './conflate.ts';
import { PositionPrefix } from './position-prefix.ts';
import type { TrackedEvent } from './tracked-event.ts';

/** What a dispatcher does with events. */
export interface DispatcherOptions {
  readonly clock: Clock;
  readonly concurrency: number;
  /** Events held here, beyond which {@link Dispatcher.room} waits. */
  readonly maxHeld: number;
  readonly conflate: boolean;
  readonly retry: RetryPolicy;
  /** Decodes and runs the handler; throws what went wrong. */
  readonly handle: (event: TrackedEvent) => Promise<void>;
  /** Called after the last try. Resolves with whether the event is taken care of; otherwise it is tried again after a pause. */
  readonly givenUp: (event: TrackedEvent, attempts: number, error: unknown) => Promise<boolean>;
  readonly retried: () => void;
  /** The position before which everything is handled moved on. */
  readonly advanced: () => void;
}

interface Job {
  event: TrackedEvent;
  /** Whether the watcher knew of the entry before the first event that is part of this one. */
  readonly knew: boolean;
  /** Set once the handler had it, so that it is not changed under its feet. */
  started: boolean;
  attempt: number;
  readonly finish: (() => void)[];
}

const giveUpAgainMs = 5000;
const aboutAll: ReadonlySet<TrackedEvent['kind']> = new Set(['live', 'gap', 'cleared']);

/**
 * Hands events to the handler: in order per key, concurrently across keys; an event about the whole region waits for all before it and
 * holds up all after it. Keeps up to which position everything is handled.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #executor: KeyedExecutor;
  readonly #prefix = new PositionPrefix();
  /** The newest waiting job of each key, when events may be conflated. */
  readonly #newest = new Map<string, Job>();
  #roomWaiter: (() => void) | undefined;
  #held = 0;
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#executor = new KeyedExecutor(options.clock, options.concurrency);
  }

  /** The last position with which everything is handled. */
  get position(): string | undefined {
    return this.#prefix.position;
  }

  /** Events held here: waiting or being handled. */
  get held(): number {
    return this.#held;
  }

  /** Resolves when another event may be handed in. */
  async room(): Promise<void> {
    while (this.held >= this.#options.maxHeld && !this.#stopped) await new Promise<void>((resolve) => (this.#roomWaiter = resolve));
  }

  /** Takes the next event. Resolves at once for events about a key, and after the handler for those about the whole region. */
  async dispatch(event: TrackedEvent): Promise<void> {
    if (!aboutAll.has(event.kind)) return this.#submit(event);
    await this.#executor.idle();
    this.#submit(event);
    await this.#executor.idle();
  }

  /** Counts an event that nobody needs to be told of. */
  skip(position: string): void {
    this.#prefix.begin(position)();
    this.#options.advanced();
  }

  pause(): void {
    this.#executor.pause();
  }

  resume(): void {
    this.#executor.resume();
  }

  /** Starts nothing more and resolves when what runs is finished. What only waited is not handled and does not count as such. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#executor.resume();
    this.#executor.wake();
    this.#roomWaiter?.();
    await this.#executor.idle();
  }

  #submit(event: TrackedEvent): void {
    const finish = this.#prefix.begin(event.position);
    const waiting = this.#options.conflate ? this.#newest.get(event.key) : undefined;
    if (waiting !== undefined && !waiting.started) {
      waiting.event = conflate(waiting.event, event, waiting.knew);
      waiting.finish.push(finish);
      return;
    }
    const job: Job = { event, knew: knewBefore(event), started: false, attempt: 0, finish: [finish] };
    if (this.#options.conflate) this.#newest.set(event.key, job);
    this.#held++;
    this.#executor.submit(event.key, () => this.#run(job));
  }

  async #run(job: Job): Promise<Step> {
    if (this.#stopped) return undefined;
    job.started = true;
    job.attempt++;
    try {
      await this.#options.handle(job.event);
    } catch (error) {
      const again = await this.#failed(job, error);
      if (again !== undefined) return { againAfterMs: again };
    }
    this.#finished(job);
    return undefined;
  }

  /** The pause before the job is run again; `undefined` when it is taken care of. */
  async #failed(job: Job, error: unknown): Promise<number | undefined> {
    const pause = retryDelay(this.#options.retry, job.attempt, error);
    if (pause !== undefined) {
      this.#options.retried();
      return pause;
    }
    return (await this.#options.givenUp(job.event, job.attempt, error)) ? undefined : giveUpAgainMs;
  }

  #finished(job: Job): void {
    if (this.#newest.get(job.event.key) === job) this.#newest.delete(job.event.key);
    for (const finish of job.finish) finish();
    this.#held--;
    this.#options.advanced();
    if (this.held <= this.#options.maxHeld / 2) {
      this.#roomWaiter?.();
      this.#roomWaiter = undefined;
    }
  }
}
