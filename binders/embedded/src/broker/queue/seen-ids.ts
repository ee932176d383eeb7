/** Identities of commands accepted a short while ago, by which repetitions are recognised. Times are monotonic milliseconds. */
export class SeenIds {
  /** In order of arrival. */
  readonly #seen = new Map<string, { readonly time: number; readonly until: number; readonly at: number }>();

  /** Whether this id was accepted within the last `windowMs`. */
  has(id: string, windowMs: number, now: number): boolean {
    const seen = this.#seen.get(id);
    return seen !== undefined && now - seen.time < windowMs;
  }

  add(id: string, windowMs: number, now: number, at: number): void {
    this.#seen.delete(id);
    this.#seen.set(id, { time: now, until: now + windowMs, at });
  }

  /** Forgets what is over. Ids with a longer window hold back later ones with a shorter one: memory, not correctness. */
  prune(now: number): void {
    for (const [id, { until }] of this.#seen) {
      if (until > now) return;
      this.#seen.delete(id);
    }
  }

  /** Where the oldest record lies that is needed to know these ids after a restart. */
  get oldest(): number | undefined {
    for (const [, { at }] of this.#seen) return at;
    return undefined;
  }
}
