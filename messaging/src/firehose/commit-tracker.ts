/** A delivery's place in its tracker. */
export interface Place<D> {
  readonly delivery: D;
  done: boolean;
}

/**
 * Follows the deliveries of one partition from fetched to finished, in whatever order they finish, and knows how far everything is:
 * the finished contiguous prefix, in the order of arrival, which is all that may be committed where acknowledgement is cumulative.
 */
export class CommitTracker<D> {
  // A queue with a moving head: taking from the front of an array or a Map costs more the longer it is.
  #places: Place<D>[] = [];
  #head = 0;
  #unfinished = 0;

  /** Deliveries fetched and not finished. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Deliveries fetched and not yet taken with a prefix: what a slow one holds back. */
  get window(): number {
    return this.#places.length - this.#head;
  }

  /** Takes up the next delivery. */
  add(delivery: D): Place<D> {
    const place = { delivery, done: false };
    this.#places.push(place);
    this.#unfinished++;
    return place;
  }

  /** Marks a delivery as finished; true if there is now a prefix to take. */
  done(place: Place<D>): boolean {
    if (!place.done) this.#unfinished--;
    place.done = true;
    return this.#places[this.#head]?.done === true;
  }

  /** Takes off the finished prefix; its last delivery stands for all of it. */
  take(): D | undefined {
    const start = this.#head;
    while (this.#places[this.#head]?.done === true) this.#head++;
    if (this.#head === start) return undefined;
    const last = this.#places[this.#head - 1]!.delivery;
    this.#compact();
    return last;
  }

  /** Whether everything that came before these is finished: they may be committed now. */
  isNext(places: ReadonlySet<Place<D>>): boolean {
    let left = places.size;
    for (let index = this.#head; index < this.#places.length && left > 0; index++) {
      const place = this.#places[index]!;
      if (places.has(place)) left--;
      else if (!place.done) return false;
    }
    return left === 0;
  }

  #compact(): void {
    if (this.#head < 1024 && this.#head < this.#places.length) return;
    this.#places = this.#places.slice(this.#head);
    this.#head = 0;
  }
}
