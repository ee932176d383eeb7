import type { Clock, Timer } from '@millrace/core';
import { appError } from '../errors.ts';

/** How long closing may take after what is under way was given up. */
const closeMs = 2000;

/** The time that a pipeline has to finish once it is told to stop. What is still under way then is given up and comes again. */
export class Drain {
  /** Rejects with `CLOSE_TIMEOUT` when even giving up has taken too long. */
  readonly late: Promise<never>;
  readonly #clock: Clock;
  readonly #drainMs: number;
  readonly #expire: (error: Error) => void;
  #timers: Timer[] = [];

  constructor(clock: Clock, drainMs: number) {
    this.#clock = clock;
    this.#drainMs = drainMs;
    const { promise, reject } = Promise.withResolvers<never>();
    this.late = promise;
    this.#expire = reject;
    // Whoever waits hears of it; nobody may wait any more.
    promise.catch(() => undefined);
  }

  /** Begins once; calls `giveUp` when the time is over. */
  begin(pipeline: string, giveUp: () => void): void {
    if (this.#timers.length > 0) return;
    const deadlineMs = this.#drainMs + closeMs;
    const expire = (): void => this.#expire(appError('CLOSE_TIMEOUT', { app: pipeline, deadlineMs }));
    this.#timers = [this.#clock.after(this.#drainMs, giveUp), this.#clock.after(deadlineMs, expire)];
  }

  /** Everything is done. */
  end(): void {
    for (const timer of this.#timers) timer.cancel();
  }
}
