/** How a {@link Batcher} groups. */
export interface BatcherOptions<T> {
  /** Items in one batch, at most. */
  readonly maxBatch: number;
  /** Bytes in one batch, at most, if it holds more than one item; needs `weigh`. */
  readonly maxBytes?: number | undefined;
  readonly weigh?: ((item: T) => number) | undefined;
  /** Batches under way at once, at most; what comes meanwhile makes up the next one. 1 keeps the order of items. */
  readonly maxInFlight: number;
  /** Items waiting beyond which there is no {@link Batcher.room} (default 100000). */
  readonly maxWaiting?: number | undefined;
}

/**
 * Coalesces what is wanted at the same time into batches, without a timer: the first item goes with all others of its turn of the
 * event loop, and while as many batches are under way as may be, the next one fills.
 */
export class Batcher<T> {
  readonly #flush: (items: readonly T[]) => Promise<void>;
  readonly #options: BatcherOptions<T>;
  readonly #idleWaiters: (() => void)[] = [];
  readonly #roomWaiters: (() => void)[] = [];
  #waiting: T[] = [];
  #inFlight = 0;
  #scheduled = false;

  /** `flush` settles its items itself and never rejects. */
  constructor(flush: (items: readonly T[]) => Promise<void>, options: BatcherOptions<T>) {
    this.#flush = flush;
    this.#options = options;
  }

  /** Whether so little waits that one may add at once; otherwise wait for {@link room}, which bounds memory. */
  get hasRoom(): boolean {
    return this.#waiting.length < (this.#options.maxWaiting ?? 100_000);
  }

  room(): Promise<void> {
    return this.hasRoom ? Promise.resolve() : new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#scheduled || this.#inFlight >= this.#options.maxInFlight) return;
    this.#scheduled = true;
    // After the microtasks that are due: those whom the last batch resumed add their next item before this one is closed.
    queueMicrotask(() => process.nextTick(() => this.#start()));
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.#waiting.length === 0 && this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #start(): void {
    this.#scheduled = false;
    while (this.#waiting.length > 0 && this.#inFlight < this.#options.maxInFlight) void this.#run(this.#take());
    if (this.hasRoom) for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }

  async #run(batch: readonly T[]): Promise<void> {
    this.#inFlight++;
    await this.#flush(batch);
    this.#inFlight--;
    if (this.#waiting.length > 0 && !this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => process.nextTick(() => this.#start()));
    } else if (this.#waiting.length === 0 && this.#inFlight === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #take(): readonly T[] {
    const batch = this.#waiting;
    const length = this.#length();
    this.#waiting = length === batch.length ? [] : batch.slice(length);
    return length === batch.length ? batch : batch.slice(0, length);
  }

  #length(): number {
    const { maxBatch, maxBytes = Infinity, weigh } = this.#options;
    const most = Math.min(maxBatch, this.#waiting.length);
    if (weigh === undefined) return most;
    let bytes = 0;
    for (let length = 0; length < most; length++) {
      bytes += weigh(this.#waiting[length]!);
      if (bytes > maxBytes) return Math.max(1, length);
    }
    return most;
  }
}
