import type { Clock } from '@millrace/core';
import type { QueueConsumer, QueueDelivery } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { delay } from '../policies/deadline.ts';
import type { Outcome } from './command-runner.ts';
import { CommandTask } from './command-task.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { Outcomes } from './outcomes.ts';
import { Prefetch } from './prefetch.ts';

/** What a loop works with. */
export interface HandlerLoopOptions {
  /** The subscription's, for errors. */
  readonly name: string;
  readonly consumer: QueueConsumer;
  readonly run: (task: CommandTask) => Promise<Outcome> | Outcome;
  readonly outcomes: Outcomes;
  readonly leases: LeaseKeeper;
  readonly clock: Clock;
  readonly concurrency: number;
  readonly maxInFlight: number;
  readonly received: (count: number) => void;
}

/**
 * Fetches commands in batches and runs them, at most `concurrency` at once, in no particular order. One life of a consumer: it ends
 * when it is closed and fails when the consumer dies.
 */
export class HandlerLoop {
  readonly #options: HandlerLoopOptions;
  readonly #prefetch: Prefetch;
  readonly #running = new Set<CommandTask>();
  #waiting: CommandTask[] = [];
  #next = 0;
  #paused = false;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(options: HandlerLoopOptions) {
    this.#options = options;
    this.#prefetch = new Prefetch(options.concurrency, options.maxInFlight);
  }

  /** Commands held: waiting here or being handled. */
  get held(): number {
    return this.#waiting.length - this.#next + this.#running.size;
  }

  /** Fetches until closed; rejects when the consumer dies. What runs goes on then: its outcomes may still count. */
  async fetch(): Promise<void> {
    while (!this.#stopped) {
      const room = this.#paused ? 0 : this.#room();
      if (room === 0) await this.#change();
      else await this.#receive(room);
    }
  }

  /** Fetches nothing more and starts nothing more; what runs goes on, what only waits goes back to the queue. */
  pause(): void {
    this.#paused = true;
    void this.#giveBackWaiting();
  }

  resume(): void {
    this.#paused = false;
    this.#notify();
  }

  /** Finishes what runs and tells the outcomes; what still runs after `deadlineMs` is given back and its signal aborted. */
  async close(deadlineMs: number): Promise<void> {
    this.#stopped = true;
    this.#notify();
    this.#abandon([...this.#running].filter((task) => task.isResting));
    await this.#giveBackWaiting();
    await this.#finished(deadlineMs);
    this.#abandon([...this.#running]);
    await this.#options.outcomes.idle();
    this.#options.leases.close();
    await this.#options.consumer.close();
  }

  /** How much to ask for; nothing until half of what may be held is free, so that batches stay batches. */
  #room(): number {
    const { budget } = this.#prefetch;
    return this.held <= budget / 2 ? budget - this.held : 0;
  }

  async #receive(room: number): Promise<void> {
    const deliveries = await this.#options.consumer.receive(room);
    if (deliveries.length === 0) {
      if (this.#stopped) return;
      throw raise('CONSUMER_ENDED', { name: this.#options.name });
    }
    this.#options.received(deliveries.length);
    this.#take(deliveries);
    if (this.#stopped || this.#paused) await this.#giveBackWaiting();
    else this.#startLanes();
  }

  #take(deliveries: readonly QueueDelivery[]): void {
    const receivedAt = this.#options.clock.monotonic();
    for (const delivery of deliveries) {
      const task = new CommandTask(delivery, receivedAt);
      this.#waiting.push(task);
      this.#options.leases.hold(task);
    }
    this.#waiting.at(-1)!.batch = { size: deliveries.length, receivedAt };
  }

  #startLanes(): void {
    const waiting = this.#waiting.length - this.#next;
    const lanes = Math.min(waiting, this.#options.concurrency - this.#running.size);
    for (let lane = 0; lane < lanes; lane++) void this.#lane();
  }

  async #lane(): Promise<void> {
    for (let task = this.#shift(); task !== undefined; task = this.#shift()) {
      this.#running.add(task);
      const running = this.#run(task);
      const outcome = running instanceof Promise ? await running : running;
      this.#running.delete(task);
      if (this.#wake !== undefined && (this.#stopped || this.#room() > 0)) this.#notify();
      this.#settle(task, outcome);
    }
  }

  #run(task: CommandTask): Promise<Outcome> | Outcome {
    // A handler that blocked the event loop may have cost those behind it their leases.
    return this.#options.leases.isOurs(task) ? this.#options.run(task) : { kind: 'abandoned' };
  }

  #settle(task: CommandTask, outcome: Outcome): void {
    if (outcome.kind === 'done') this.#options.outcomes.done(task, outcome.reply);
    else if (outcome.kind === 'again') void this.#options.outcomes.release([task], outcome.afterMs);
    else this.#options.leases.letGo(task);
  }

  #shift(): CommandTask | undefined {
    const task = this.#waiting[this.#next];
    if (task === undefined) {
      if (this.#next > 0) this.#waiting = [];
      this.#next = 0;
      return undefined;
    }
    this.#next++;
    if (task.batch !== undefined) this.#prefetch.started(task.batch.size, this.#options.clock.monotonic() - task.batch.receivedAt);
    return task;
  }

  async #giveBackWaiting(): Promise<void> {
    const waiting = this.#waiting.slice(this.#next);
    this.#waiting = [];
    this.#next = 0;
    await this.#options.outcomes.release(waiting);
  }

  #abandon(tasks: readonly CommandTask[]): void {
    if (tasks.length === 0) return;
    for (const task of tasks) task.abandon(raise('HANDLER_STOPPED', { name: this.#options.name }));
    void this.#options.outcomes.release(tasks);
  }

  async #finished(deadlineMs: number): Promise<void> {
    if (deadlineMs <= 0) return;
    const waiting = new AbortController();
    await Promise.race([this.#idle(), delay(this.#options.clock, deadlineMs, waiting.signal)]);
    waiting.abort();
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
