/** Things that arrive, and whoever waits for them. */
export class Inbox<T> {
  readonly #title: string;
  readonly #items: T[] = [];
  readonly #checks = new Set<() => void>();

  constructor(title: string) {
    this.#title = title;
  }

  /** All that arrived and was not taken. */
  get items(): readonly T[] {
    return this.#items;
  }

  put(item: T): void {
    this.#items.push(item);
    for (const check of this.#checks) check();
  }

  /** Takes the first `count` that match out of the inbox, in the order they came. Fails after `timeoutMs` with what is there. */
  async take(count: number, matches: (item: T) => boolean = () => true, timeoutMs = 60_000): Promise<T[]> {
    const found = (): T[] => this.#items.filter(matches).slice(0, count);
    if (found().length < count) await this.#until(() => found().length >= count, count, timeoutMs);
    const taken = found();
    for (const item of taken) this.#items.splice(this.#items.indexOf(item), 1);
    return taken;
  }

  async #until(holds: () => boolean, count: number, timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => void (holds() && resolve());
    const fail = (): void =>
      reject(new Error(`${this.#title}: ${count} were expected within ${timeoutMs} ms. There: ${this.#shown()}`));
    const timer = setTimeout(fail, timeoutMs);
    this.#checks.add(check);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#checks.delete(check);
    }
  }

  #shown(): string {
    return this.#items.length === 0
      ? 'nothing'
      : this.#items
          .map((item) => JSON.stringify(item))
          .join('\n')
          .slice(-4000);
  }
}
