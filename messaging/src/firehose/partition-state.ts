import type { Clock } from '@millrace/core';
import type { Delivery } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { delay } from '../policies/deadline.ts';
import type { Failure } from '../policies/park.ts';
import { CommitTracker, type Place } from './commit-tracker.ts';

/** A delivery under way, with what has happened to it. */
export interface Tracked extends Place {
  readonly delivery: Delivery;
  readonly partition: PartitionState;
  /** Order of arrival in its partition. */
  readonly sequence: number;
  /** Tries begun. */
  attempt: number;
  /** Set once no further try is due: it is to be parked or skipped. */
  failure: Failure | undefined;
  /** Tries to park it that failed. */
  parkFailures: number;
  /** Monotonic time of the next try, while it waits for one. */
  heldUntil: number;
  /** To be tried outside of a batch, because its batch failed as a whole. */
  alone: boolean;
  started: boolean;
  /** Nothing is left to do here: it is done, or was left to the next consumer. */
  finished: boolean;
}

/** One assigned partition of a consumer: what is under way in it, and how it is drained when it is lost or the consumer closes. */
export class PartitionState {
  readonly number: number;
  readonly tracker = new CommitTracker<Tracked>();
  readonly #cumulative: boolean;
  readonly #abort = new AbortController();
  #sequence = 0;
  #lastStarted = -1;
  #draining = false;
  #running = 0;
  #wake: (() => void) | undefined;
  readonly #turns: { readonly places: ReadonlySet<Tracked>; readonly settle: (error?: Error) => void }[] = [];

  constructor(number: number, cumulative: boolean) {
    this.number = number;
    this.#cumulative = cumulative;
  }

  /** Aborted when handlers should stop: the partition is lost, or the deadline of closing is over. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  add(delivery: Delivery): Tracked {
    const tracked: Tracked = {
      delivery,
      partition: this,
      sequence: this.#sequence++,
      attempt: 0,
      failure: undefined,
      parkFailures: 0,
      heldUntil: 0,
      alone: false,
      started: false,
      finished: false,
      done: false,
    };
    this.tracker.add(tracked);
    return tracked;
  }

  /** Whether work on an event may begin; false if it is to be left to whoever gets it next. */
  begin(tracked: Tracked): boolean {
    if (!this.wanted(tracked)) return false;
    tracked.started = true;
    tracked.heldUntil = 0;
    this.#lastStarted = Math.max(this.#lastStarted, tracked.sequence);
    this.#running++;
    return true;
  }

  /** A try has ended; the event may still be tried again. */
  end(): void {
    this.#running--;
    this.#wake?.();
  }

  /** Takes an event off; with what may now be acknowledged if it was `done`. */
  finish(tracked: Tracked, done: boolean): Delivery | undefined {
    tracked.finished = true;
    this.#wake?.();
    if (!done) return undefined;
    tracked.done = true;
    const prefix = this.tracker.take();
    this.#checkTurns();
    return this.#cumulative ? prefix?.delivery : tracked.delivery;
  }

  /**
   * Lets finish what runs and, where acknowledgement is cumulative, what came before it, so that nothing finished has to come again.
   * Ends at the latest at `until` (monotonic), or at once when an event waits for its retry until later; then aborts the handlers.
   * `runningOnly`: begins nothing more, also not what came before.
   */
  async drain(clock: Clock, until: number, runningOnly = false): Promise<void> {
    this.#draining = true;
    if (runningOnly) this.#lastStarted = -1;
    const over = new AbortController();
    const timeout = delay(clock, Math.max(0, until - clock.monotonic()), over.signal);
    while (!this.#drained(until) && clock.monotonic() < until) {
      const progress = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([progress, timeout]);
    }
    over.abort();
    this.#abort.abort();
    for (const { settle } of this.#turns.splice(0)) settle(raise('PARTITION_LOST', { partition: this.number }));
  }

  /** Resolves when everything that came before these events is finished. */
  async turn(events: readonly Tracked[]): Promise<void> {
    const places = new Set(events);
    if (this.#abort.signal.aborted) throw raise('PARTITION_LOST', { partition: this.number });
    if (this.tracker.isNext(places)) return;
    await new Promise<void>((resolve, reject) => {
      this.#turns.push({ places, settle: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  #checkTurns(): void {
    for (const waiter of this.#turns.filter(({ places }) => this.tracker.isNext(places))) {
      this.#turns.splice(this.#turns.indexOf(waiter), 1);
      waiter.settle();
    }
  }

  /** Whether an event should still be begun: not after the partition was lost, nor, while it is drained, needlessly. */
  wanted(tracked: Tracked): boolean {
    if (this.#abort.signal.aborted) return false;
    return !this.#draining || (this.#cumulative && tracked.sequence <= this.#lastStarted);
  }

  #drained(until: number): boolean {
    if (this.#running > 0) return false;
    if (!this.#cumulative) return true;
    const needed = this.tracker.open().filter((tracked) => !tracked.finished && tracked.sequence <= this.#lastStarted);
    return needed.length === 0 || needed.some((tracked) => tracked.heldUntil > until);
  }
}
