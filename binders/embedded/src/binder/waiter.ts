import type { Clock } from '@millrace/core';
import { raise } from '../errors.ts';

/** One caller at a time waiting for something to be taken. */
export class Waiter<T> {
  readonly #clock: Clock;
  readonly #source: string;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, source: string) {
    this.#clock = clock;
    this.#source = source;
  }

  get isWaiting(): boolean {
    return this.#wake !== undefined;
  }

  /** Calls `take` now and after each {@link wake}, until it brings something or `waitMs` have passed; then resolves with it. */
  wait(take: () => readonly T[] | undefined, waitMs: number | undefined): Promise<readonly T[]> {
    if (this.#wake !== undefined) return Promise.reject(raise('RECEIVE_TWICE', { source: this.#source }));
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        try {
          const taken = take();
          if (taken !== undefined) finish(taken);
        } catch (error) {
          this.#wake = undefined;
          timer?.cancel();
          reject(error);
        }
      };
      const finish = (taken: readonly T[]): void => {
        this.#wake = undefined;
        timer?.cancel();
        resolve(taken);
      };
      let timer: { cancel(): void } | undefined;
      this.#wake = attempt;
      attempt();
      if (waitMs !== undefined && this.#wake === attempt) timer = this.#clock.after(waitMs, () => finish([]));
    });
  }

  /** Lets the caller that waits try again. */
  wake(): void {
    this.#wake?.();
  }
}
