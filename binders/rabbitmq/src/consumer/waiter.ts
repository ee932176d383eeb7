import { systemClock } from '@millrace/core';
import { raise } from '../errors.ts';

/** One caller at a time waiting for something to be taken. */
export class Waiter<T> {
  readonly #source: string;
  #wake: (() => void) | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  get isWaiting(): boolean {
    return this.#wake !== undefined;
  }

  /** Calls `take` now and after each {@link wake}, until it brings something or `waitMs` have passed; then resolves with it. */
  wait(take: () => readonly T[] | undefined, waitMs: number | undefined): Promise<readonly T[]> {
    if (this.#wake !== undefined) return Promise.reject(raise('RECEIVE_TWICE', { source: this.#source }));
    return new Promise((resolve, reject) => {
      let timer: { cancel(): void } | undefined;
      const finish = (settle: () => void): void => {
        this.#wake = undefined;
        timer?.cancel();
        settle();
      };
      const attempt = (): void => {
        try {
          const taken = take();
          if (taken !== undefined) finish(() => resolve(taken));
        } catch (error) {
          finish(() => reject(error));
        }
      };
      this.#wake = attempt;
      attempt();
      if (waitMs !== undefined && this.#wake === attempt) timer = systemClock.after(waitMs, () => finish(() => resolve([])));
    });
  }

  /** Lets the caller that waits try again. */
  wake(): void {
    this.#wake?.();
  }
}
