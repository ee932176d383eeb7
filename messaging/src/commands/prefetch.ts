/**
 * Decides how many commands to ask for at once. Quick handlers want large batches, slow ones small: what one consumer holds and
 * does not handle yet, another could. The budget doubles while batches are finished within `fastMs` and halves when one takes
 * longer than `slowMs`, between the number of handlers and `max`.
 */
export class Prefetch {
  readonly #min: number;
  readonly #max: number;
  readonly #fastMs: number;
  readonly #slowMs: number;
  #budget: number;

  constructor(min: number, max: number, fastMs = 10, slowMs = 100) {
    this.#min = min;
    this.#max = Math.max(min, max);
    this.#fastMs = fastMs;
    this.#slowMs = slowMs;
    this.#budget = min;
  }

  /** Commands that may be held now, running ones included. */
  get budget(): number {
    return this.#budget;
  }

  /** Tells how long it took from receiving a batch of `size` to starting the last of it. */
  started(size: number, elapsedMs: number): void {
    if (elapsedMs > this.#slowMs) this.#budget = Math.max(this.#min, this.#budget >> 1);
    else if (elapsedMs <= this.#fastMs && size * 2 >= this.#budget) this.#budget = Math.min(this.#max, this.#budget * 2);
  }
}
