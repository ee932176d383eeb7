import { KeyIndex } from './key-index.ts';
import type { Change } from '../../records/change-records.ts';

/** An entry of a region. Never changed, only replaced, so that snapshots can hold on to it. */
export interface RegionEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly contentType: string;
  readonly version: number;
  readonly time: number;
  readonly expiresAt: number | undefined;
  /** The offset of its record. */
  readonly at: number;
}

/** The entries of a region, with what staged changes will make of them. */
export class RegionState {
  /** In the order in which their records lie in the journal. */
  readonly #entries = new Map<string, RegionEntry>();
  readonly #keys = new KeyIndex();
  readonly #staged = new Map<string, RegionEntry | undefined>();
  #stagedClear = false;
  #underWay = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): RegionEntry | undefined {
    return this.#entries.get(key);
  }

  /** The entry as it will be once everything staged is durable. */
  upcoming(key: string): RegionEntry | undefined {
    if (this.#staged.has(key)) return this.#staged.get(key);
    return this.#stagedClear ? undefined : this.#entries.get(key);
  }

  stage(changes: readonly Change[]): void {
    this.#underWay++;
    for (const change of changes) {
      if (change.kind !== 'cleared') this.#staged.set(change.key, entryOf(change));
      else {
        this.#staged.clear();
        this.#stagedClear = true;
      }
    }
  }

  /** Ends what {@link stage} began; the changes were made durable, or none. */
  settle(changes: readonly Change[]): void {
    for (const change of changes) this.apply(change);
    if (--this.#underWay > 0) return;
    this.#staged.clear();
    this.#stagedClear = false;
  }

  apply(change: Change): void {
    if (change.kind === 'cleared') {
      this.#entries.clear();
      this.#keys.clear();
      return;
    }
    const entry = entryOf(change);
    // Deleted first so that it comes to lie last.
    const existed = this.#entries.delete(change.key);
    if (entry === undefined) {
      if (existed) this.#keys.removed();
      return;
    }
    this.#entries.set(change.key, entry);
    if (!existed) this.#keys.add(change.key);
  }

  /** Entries with keys greater than `after`, in key order. */
  *inOrder(after?: string): IterableIterator<RegionEntry> {
    for (const key of this.#keys.after(after, (candidate) => this.#entries.has(candidate))) yield this.#entries.get(key)!;
  }

  /** Entries in the order in which their records lie in the journal. */
  byPlace(): IterableIterator<RegionEntry> {
    return this.#entries.values();
  }
}

function entryOf({ kind, key, value, contentType, version, time, expiresAt, offset: at }: Change): RegionEntry | undefined {
  if (value === undefined || (kind !== 'put' && kind !== 'carried')) return undefined;
  return { key, value, contentType, version, time, expiresAt, at };
}
