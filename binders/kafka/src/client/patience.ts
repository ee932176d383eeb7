import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@millrace/core';

/** Bounds the repetition of one operation. */
export class Patience {
  readonly #start = performance.now();
  readonly #limitMs: number;
  readonly #signal: AbortSignal;
  #pauseMs: number;

  /** `signal` ends every pause at once, by rejecting with its reason. */
  constructor(limitMs: number, signal: AbortSignal, firstPauseMs = 10) {
    this.#limitMs = limitMs;
    this.#signal = signal;
    this.#pauseMs = firstPauseMs;
  }

  get waitedMs(): number {
    return Math.round(performance.now() - this.#start);
  }

  /** Whether there is time for another attempt. */
  get lasts(): boolean {
    return this.waitedMs < this.#limitMs && !this.#signal.aborted;
  }

  /** Waits before the next attempt, longer each time, up to a second. */
  async pause(): Promise<void> {
    const rest = Math.max(1, this.#limitMs - this.waitedMs);
    await pause(Math.min(this.#pauseMs, rest), this.#signal);
    this.#pauseMs = Math.min(1000, this.#pauseMs * 2);
  }
}

/** Waits; rejects with the signal's reason when that is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** Waits for `work`, but not longer; what comes of it later is nobody's business. */
export async function withinMs(work: Promise<void> | undefined, ms: number): Promise<void> {
  if (work === undefined) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = systemClock.after(ms, resolve);
  try {
    await Promise.race([work, promise]);
  } finally {
    timer.cancel();
  }
}
