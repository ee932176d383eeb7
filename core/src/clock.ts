/** A timer that was set; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of time for code that waits, expires or schedules, so that tests can move it by hand.
 * `now` may jump with the machine's clock; `monotonic` never goes back and is what durations and leases are measured with.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary origin, never decreasing. */
  monotonic(): number;
  /** Runs `task` once after `ms` milliseconds of monotonic time. */
  after(ms: number, task: () => void): Timer;
}

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, task) => new SystemTimer(performance.now() + ms, task),
};

/** The longest that the event loop's own timers wait. */
const longestMs = 0x7fffffff;

/**
 * A timer that never fires early. Those of the event loop do: they count whole milliseconds from when the present turn began, so
 * what looks at the clock when it is woken may find that its time has not come, and wait for ever.
 */
class SystemTimer implements Timer {
  readonly #due: number;
  readonly #task: () => void;
  #handle: NodeJS.Timeout;

  constructor(due: number, task: () => void) {
    this.#due = due;
    this.#task = task;
    this.#handle = this.#wait();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #wait(): NodeJS.Timeout {
    const rest = Math.min(Math.max(0, this.#due - performance.now()), longestMs);
    return setTimeout(() => this.#fire(), Math.ceil(rest)).unref();
  }

  #fire(): void {
    if (performance.now() >= this.#due) this.#task();
    else this.#handle = this.#wait();
  }
}

interface PendingTimer {
  readonly due: number;
  readonly sequence: number;
  readonly task: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in order of their due time, then of their creation. */
export class ManualClock implements Clock {
  #elapsed = 0;
  #wall: number;
  #sequence = 0;
  readonly #pending = new Set<PendingTimer>();

  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, task: () => void): Timer {
    const timer = { due: this.#elapsed + Math.max(0, ms), sequence: this.#sequence++, task };
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }

  /** Moves both times forward by `ms`, firing what falls due, and lets promise callbacks run between timers. */
  async advance(ms: number): Promise<void> {
    const target = this.#elapsed + ms;
    for (let next = this.#nextDue(target); next !== undefined; next = this.#nextDue(target)) {
      this.#moveTo(next.due);
      this.#pending.delete(next);
      next.task();
      await settled();
    }
    this.#moveTo(target);
    await settled();
  }

  /** Sets the wall clock without letting time pass: what a clock jump looks like. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(elapsed: number): void {
    this.#wall += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }

  #nextDue(limit: number): PendingTimer | undefined {
    let first: PendingTimer | undefined;
    for (const timer of this.#pending) {
      if (timer.due > limit) continue;
      if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.sequence < first.sequence))
        first = timer;
    }
    return first;
  }
}

/** Resolves once everything already queued on the event loop has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
