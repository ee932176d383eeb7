/** Keys in order. Sorted when first asked for in order; later additions are sorted in when it is asked again. */
export class KeyIndex {
  #sorted: string[] = [];
  #added: string[] = [];
  #stale = false;

  add(key: string): void {
    this.#added.push(key);
  }

  /** Removed keys are found out by asking `exists` when the order is needed next. */
  removed(): void {
    this.#stale = true;
  }

  clear(): void {
    this.#sorted = [];
    this.#added = [];
  }

  /** Keys greater than `after` in order. `exists` says whether a key is still there. */
  *after(after: string | undefined, exists: (key: string) => boolean): IterableIterator<string> {
    this.#settle(exists);
    const keys = this.#sorted;
    for (let i = after === undefined ? 0 : this.#above(after); i < keys.length; i++) yield keys[i]!;
  }

  #settle(exists: (key: string) => boolean): void {
    if (this.#stale) this.#sorted = this.#sorted.filter(exists);
    this.#stale = false;
    if (this.#added.length === 0) return;
    const fresh = new Set(this.#added.filter(exists));
    this.#added = [];
    // A key that was removed and came back may still be in the sorted part.
    for (const key of this.#sorted) fresh.delete(key);
    this.#sorted = merge(this.#sorted, [...fresh].sort(compare));
  }

  #above(key: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! > key) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function merge(left: readonly string[], right: readonly string[]): string[] {
  const merged: string[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) merged.push(left[i]! < right[j]! ? left[i++]! : right[j++]!);
  for (; i < left.length; i++) merged.push(left[i]!);
  for (; j < right.length; j++) merged.push(right[j]!);
  return merged;
}
