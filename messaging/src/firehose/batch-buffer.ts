import type { Clock } from '@millrace/core';
import { laneOf } from './event-processor.ts';
import type { Tracked } from './partition-state.ts';
import type { Session } from './session.ts';

export interface BatchLimits {
  readonly maxBatch: number;
  readonly maxWaitMs: number;
}

/** The events of one partition that wait to be part of a batch, in order. */
export class BatchBuffer {
  /** Whether someone is about to take from it. */
  scheduled = false;
  /** Whether it is about to be looked at because of new events. */
  noticed = false;
  readonly #clock: Clock;
  readonly #limits: BatchLimits;
  #waiting: Tracked[] = [];
  #since = 0;

  constructor(clock: Clock, limits: BatchLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add(tracked: Tracked): void {
    if (this.#waiting.length === 0) this.#since = this.#clock.monotonic();
    this.#waiting.push(tracked);
  }

  /** Milliseconds until a batch can be taken; 0 if one can now. */
  waitMs(): number {
    const now = this.#clock.monotonic();
    const ready = this.#ready(now);
    if (ready >= this.#limits.maxBatch) return 0;
    const due = Math.min(...this.#waiting.map((tracked) => tracked.heldUntil).filter((time) => time > now));
    const filled = ready === 0 ? Infinity : this.#since + this.#limits.maxWaitMs;
    return Math.max(0, Math.min(due, filled) - now);
  }

  /** Takes the next batch: in order, leaving out keys whose first event waits for its retry. */
  take(now: number): Tracked[] {
    this.#since = now;
    if (!this.#irregular(now)) return this.#waiting.splice(0, this.#limits.maxBatch);
    const taken: Tracked[] = [];
    const left: Tracked[] = [];
    const blocked = new Set<string>();
    for (const tracked of this.#waiting) {
      const lane = laneOf(tracked);
      const full = taken.length >= this.#limits.maxBatch || taken[0]?.alone === true || (tracked.alone && taken.length > 0);
      if (full || blocked.has(lane) || tracked.heldUntil > now) {
        blocked.add(lane);
        left.push(tracked);
      } else taken.push(tracked);
    }
    this.#waiting = left;
    return taken;
  }

  /** Events that are to be tried again, at their old places. */
  putBack(again: readonly Tracked[]): void {
    if (again.length > 0) this.#waiting = [...again, ...this.#waiting].sort((a, b) => a.sequence - b.sequence);
  }

  /** Leaves events to the next consumer that this one is not to begin any more. */
  dropUnwanted(session: Session): void {
    this.#waiting = this.#waiting.filter((tracked) => !session.dropIfUnwanted(tracked));
  }

  /** Whether an event waits for its retry or is to go alone; otherwise, as nearly always, batches are simply the next ones. */
  #irregular(now: number): boolean {
    return this.#waiting.some((tracked) => tracked.alone || tracked.heldUntil > now);
  }

  #ready(now: number): number {
    if (!this.#irregular(now)) return Math.min(this.#waiting.length, this.#limits.maxBatch);
    const blocked = new Set<string>();
    let count = 0;
    for (const tracked of this.#waiting) {
      const lane = laneOf(tracked);
      if (tracked.heldUntil > now || blocked.has(lane)) blocked.add(lane);
      else count++;
      if (count === this.#limits.maxBatch) break;
    }
    return count;
  }
}
