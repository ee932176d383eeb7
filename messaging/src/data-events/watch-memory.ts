/** What a watcher was last told about a key. */
export interface KnownEntry {
  /** `undefined` where only the key was told. */
  readonly version: number | undefined;
  /** Kept only where the broker does not tell previous values. */
  readonly value: Uint8Array | undefined;
  readonly contentType: string;
}

const maxGone = 10_000;
const maxClears = 100;

/**
 * What a watcher knows: the version of every entry it was told of (with a condition: of every entry that meets it), by which
 * repeated changes are recognised and a later snapshot is turned into differences. Removed keys are remembered for a while,
 * because a broker may repeat what it does not know to be handled.
 */
export class WatchMemory {
  readonly #entries = new Map<string, KnownEntry>();
  readonly #gone = new Map<string, number>();
  readonly #clears = new Set<string>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): KnownEntry | undefined {
    return this.#entries.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** Whether a change of this key was told already. A removal may carry the version that it removed. */
  isRepeated(key: string, version: number, isRemoval: boolean): boolean {
    const known = this.#entries.get(key);
    if (known === undefined) return version <= (this.#gone.get(key) ?? -1);
    if (known.version === undefined) return false;
    return isRemoval ? version < known.version : version <= known.version;
  }

  set(key: string, entry: KnownEntry): void {
    this.#gone.delete(key);
    this.#entries.set(key, entry);
  }

  remove(key: string, version: number): void {
    this.#entries.delete(key);
    this.#gone.delete(key);
    this.#gone.set(key, version);
    if (this.#gone.size > maxGone) this.#gone.delete(this.#gone.keys().next().value!);
  }

  /** Forgets all entries; false if this very clearing was told before. */
  clear(position: string): boolean {
    if (this.#clears.has(position)) return false;
    this.#clears.add(position);
    if (this.#clears.size > maxClears) this.#clears.delete(this.#clears.values().next().value!);
    for (const [key, entry] of this.#entries) this.remove(key, entry.version ?? 0);
    return true;
  }
}
