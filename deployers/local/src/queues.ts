/** Work in a row for each name: pieces for the same name run one after the other, others beside each other. */
export class Queues {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` when all earlier work for the name is over, however that ended. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === mine) this.#last.delete(name);
    }
  }

  /** Resolves when no work is left. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.allSettled(this.#last.values());
  }
}
