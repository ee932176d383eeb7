import type { MillraceError } from '@millrace/core';
import type { Deadlines, Expiring } from './deadlines.ts';

/** How long something may take, and the error when it takes longer: `mayHaveHappened` says whether it was handed over already. */
export interface Limit {
  readonly deadlines: Deadlines;
  readonly deadlineMs: number;
  readonly late: (mayHaveHappened: boolean, deadlineMs: number) => MillraceError;
}

/** An item of a batch, as those see it who flush the batch. */
export interface Underway<T, R> {
  readonly item: T;
  /** Says that it is handed over now; false if nobody waits for it any more, so that it must not be. */
  handOver(): boolean;
  succeed(result: R): void;
  fail(error: MillraceError): void;
}

/** An item under way whose sender waits for its outcome; settles once, by its deadline at the latest. */
export class Pending<T, R> implements Expiring, Underway<T, R> {
  readonly item: T;
  readonly #limit: Limit;
  readonly #slot: number;
  readonly #resolve: (result: R) => void;
  readonly #reject: (error: MillraceError) => void;
  #isSettled = false;
  #isHandedOver = false;

  constructor(item: T, limit: Limit, resolve: (result: R) => void, reject: (error: MillraceError) => void) {
    this.item = item;
    this.#limit = limit;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#slot = limit.deadlines.add(this, limit.deadlineMs);
  }

  handOver(): boolean {
    this.#isHandedOver = !this.#isSettled;
    return this.#isHandedOver;
  }

  succeed(result: R): void {
    if (this.#settle()) this.#resolve(result);
  }

  fail(error: MillraceError): void {
    if (this.#settle()) this.#reject(error);
  }

  expired(): void {
    this.fail(this.#limit.late(this.#isHandedOver, this.#limit.deadlineMs));
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#limit.deadlines.remove(this, this.#slot);
    return true;
  }
}
