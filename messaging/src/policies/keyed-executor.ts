import type { Clock, Timer } from '@millrace/core';

/** What a task says at its end: done, or run me again after a pause that holds back only my key. */
export type Step = void | { readonly againAfterMs: number };
export type Task = () => Promise<Step> | Step;

interface Lane {
  readonly key: string | undefined;
  readonly tasks: Task[];
  /** Set while the lane's first task waits to be run again. */
  timer?: Timer | undefined;
}

/**
 * Runs tasks in order per key and concurrently across keys, at most `concurrency` at once. A task that asks to be run again keeps its
 * place at the head of its key but gives up its slot, so that other keys go on. Tasks must not throw.
 */
export class KeyedExecutor {
  readonly #clock: Clock;
  readonly #concurrency: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  readonly #held = new Set<Lane>();
  readonly #idleWaiters: (() => void)[] = [];
  #running = 0;
  #size = 0;
  #paused = false;
  #pumping = false;

  constructor(clock: Clock, concurrency: number) {
    this.#clock = clock;
    this.#concurrency = concurrency;
  }

  /** Tasks not finished: waiting, running and held. */
  get size(): number {
    return this.#size;
  }

  get running(): number {
    return this.#running;
  }

  /** Adds a task behind those of its key; without a key it waits for nothing but a slot. */
  submit(key: string | undefined, task: Task): void {
    this.#size++;
    const lane = key === undefined ? undefined : this.#lanes.get(key);
    if (lane !== undefined) {
      lane.tasks.push(task);
      return;
    }
    const fresh: Lane = { key, tasks: [task] };
    if (key !== undefined) this.#lanes.set(key, fresh);
    this.#ready.push(fresh);
    this.#pump();
  }

  /** Starts nothing more until resumed; what runs goes on. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pump();
  }

  /** Runs at once what is being held, of one key or of all, for example because it will not be needed any more. */
  wake(key?: string): void {
    for (const lane of this.#held) if (key === undefined || lane.key === key) this.#unhold(lane);
  }

  /** Waits for something without occupying a slot: called by a running task whose progress depends on other tasks. */
  async outside<T>(waiting: Promise<T>): Promise<T> {
    this.#running--;
    this.#pump();
    try {
      return await waiting;
    } finally {
      this.#running++;
    }
  }

  /** Resolves when no task is left. */
  idle(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #pump(): void {
    // A synchronous task ends in this loop: it may submit others, but they do not nest.
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#paused && this.#running < this.#concurrency) {
      const lane = this.#ready.shift();
      if (lane === undefined) break;
      this.#running++;
      const result = lane.tasks[0]!();
      if (result instanceof Promise) void result.then((step) => this.#endLater(lane, step));
      else this.#ended(lane, result);
    }
    this.#pumping = false;
  }

  #endLater(lane: Lane, step: Step): void {
    this.#ended(lane, step);
    this.#pump();
  }

  #ended(lane: Lane, step: Step): void {
    this.#running--;
    if (step === undefined) this.#advance(lane);
    else this.#hold(lane, step.againAfterMs);
  }

  #advance(lane: Lane): void {
    lane.tasks.shift();
    this.#size--;
    if (lane.tasks.length > 0) this.#ready.push(lane);
    else if (lane.key !== undefined) this.#lanes.delete(lane.key);
    if (this.#size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #hold(lane: Lane, ms: number): void {
    if (ms <= 0) {
      this.#ready.push(lane);
      return;
    }
    this.#held.add(lane);
    lane.timer = this.#clock.after(ms, () => this.#unhold(lane));
  }

  #unhold(lane: Lane): void {
    if (!this.#held.delete(lane)) return;
    lane.timer?.cancel();
    this.#ready.push(lane);
    this.#pump();
  }
}
