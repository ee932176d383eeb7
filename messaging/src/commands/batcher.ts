/** How a {@link Batcher} groups. */
export interface BatcherOptions {
  /** Items in one batch, at most. */
  readonly maxBatch: number;
  /** Batches under way at once, at most; what comes meanwhile makes up the next one. */
  readonly maxInFlight: number;
}

/**
 * Coalesces what is wanted at the same time into batches, without a timer: the first item goes with all others of its turn of the
 * event loop, and while as many batches are under way as may be, the next one fills.
 */
export class Batcher<T> {
  readonly #flush: (items: readonly T[]) => Promise<void>;
  readonly #options: BatcherOptions;
  readonly #idleWaiters: (() => void)[] = [];
  #waiting: T[] = [];
  #inFlight = 0;
  #scheduled = false;

  /** `flush` settles its items itself and never rejects. */
  constructor(flush: (items: readonly T[]) => Promise<void>, options: BatcherOptions) {
    this.#flush = flush;
    this.#options = options;
  }

  /** Items that are in no batch yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#scheduled || this.#inFlight >= this.#options.maxInFlight) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#start());
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.#waiting.length === 0 && this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #start(): void {
    this.#scheduled = false;
    while (this.#waiting.length > 0 && this.#inFlight < this.#options.maxInFlight) void this.#run(this.#take());
  }

  async #run(batch: readonly T[]): Promise<void> {
    this.#inFlight++;
    await this.#flush(batch);
    this.#inFlight--;
    this.#start();
    if (this.#inFlight === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #take(): readonly T[] {
    const { maxBatch } = this.#options;
    const batch = this.#waiting;
    if (batch.length <= maxBatch) {
      this.#waiting = [];
      return batch;
    }
    this.#waiting = batch.slice(maxBatch);
    return batch.slice(0, maxBatch);
  }
}
