/** Something with a place in a partition, and whether it is finished. */
export interface Place {
  done: boolean;
}

/**
 * Follows the deliveries of one partition from fetched to finished, in whatever order they finish, and knows how far everything is:
 * the finished contiguous prefix, in the order of arrival, which is all that may be committed where acknowledgement is cumulative.
 */
export class CommitTracker<P extends Place> {
  // A queue with a moving head: taking from the front of an array or a Map costs more the longer it is.
  #places: P[] = [];
  #head = 0;

  /** Deliveries fetched and not yet taken with a prefix: what a slow one holds back. */
  get window(): number {
    return this.#places.length - this.#head;
  }

  /** Takes up the next delivery. */
  add(place: P): void {
    this.#places.push(place);
  }

  /** Takes off the finished prefix; its last delivery stands for all of it. */
  take(): P | undefined {
    const start = this.#head;
    while (this.#places[this.#head]?.done === true) this.#head++;
    if (this.#head === start) return undefined;
    const last = this.#places[this.#head - 1]!;
    this.#compact();
    return last;
  }

  /** Whether everything that came before these is finished: they may be committed now. */
  isNext(places: ReadonlySet<P>): boolean {
    let left = places.size;
    for (let index = this.#head; index < this.#places.length && left > 0; index++) {
      const place = this.#places[index]!;
      if (places.has(place)) left--;
      else if (!place.done) return false;
    }
    return left === 0;
  }

  /** What is not finished, in the order of arrival. */
  open(): P[] {
    return this.#places.slice(this.#head).filter((place) => !place.done);
  }

  #compact(): void {
    if (this.#head < 1024 && this.#head < this.#places.length) return;
    this.#places = this.#places.slice(this.#head);
    this.#head = 0;
  }
}
