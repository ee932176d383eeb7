import type { ChangeKind, RegionChangeEvent, WatchEvent, WireEntry } from '../binder/index.ts';
import { changeEvent, entryEvent, lostEvent, markerEvent, type TrackedEvent } from './tracked-event.ts';
import { WatchMemory, type KnownEntry } from './watch-memory.ts';

export interface TrackerOptions {
  /** The condition, where the broker does not evaluate it. */
  readonly matches?: ((value: Uint8Array, contentType: string) => boolean) | undefined;
  /** Whether the watch has a condition, wherever it is evaluated. */
  readonly conditional: boolean;
  /** Whether a snapshot surely comes first, even if of nothing; else this watcher may join in the middle. */
  readonly startsWithSnapshot: boolean;
  /** Whether the broker numbers changes. */
  readonly versions: boolean;
  /** Whether the broker tells previous values; else they are kept here. */
  readonly previousValue: boolean;
  /** False for members of a competing group: none knows what the others were told. */
  readonly differences: boolean;
  readonly now: () => number;
}

const removals: ReadonlySet<string> = new Set(['removed', 'expired', 'left']);
const conditionalKinds: Readonly<Record<string, ChangeKind>> = { created: 'entered', updated: 'changed' };

/**
 * Turns what a binder's watch hands out into what the watcher is told: leaves out repetitions, evaluates the condition and keeps
 * previous values where the broker does not, and tells a snapshot that follows a gap as differences from what was told before.
 */
export class ChangeTracker {
  readonly #options: TrackerOptions;
  readonly #memory = new WatchMemory();
  #phase: 'live' | 'snapshot' | 'differences' = 'snapshot';
  /** The keys of the snapshot under way. */
  #seen = new Set<string>();
  #snapshotPending: boolean;
  /** Whether everything that exists was told, so that an unknown key is a new one. */
  #complete = false;
  /** The time of the newest change told: in a snapshot after a gap, what is newer is news even if its key is unknown. */
  #toldUntil: number | undefined;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#snapshotPending = options.startsWithSnapshot;
  }

  /** The events to tell for one of the binder's, in order. */
  accept(event: WatchEvent): readonly TrackedEvent[] {
    switch (event.kind) {
      case 'snapshot':
        return this.#phase === 'differences' ? this.#difference(event.key, event.entry) : this.#snapshot(event.key, event.entry);
      case 'live':
        return this.#live(event.position);
      case 'gap':
        return [this.gap(event.reason)];
      case 'cleared':
        return this.#cleared(event);
      default:
        return this.#changed(event);
    }
  }

  /** Changes were lost and a new snapshot follows: as differences if this watcher was live before, in full otherwise. */
  gap(reason: string): TrackedEvent {
    const differences = this.#options.differences && this.#toldUntil !== undefined;
    this.#phase = differences ? 'differences' : 'snapshot';
    this.#seen = new Set();
    this.#snapshotPending = true;
    return markerEvent('gap', this.#options.now(), { cause: reason, metadata: { differences } });
  }

  #snapshot(key: string, entry: WireEntry | undefined): readonly TrackedEvent[] {
    if (entry !== undefined && !this.#meets(entry)) return [];
    this.#remember(key, entry);
    this.#snapshotPending = true;
    return [entryEvent('snapshot', key, entry)];
  }

  #difference(key: string, entry: WireEntry | undefined): readonly TrackedEvent[] {
    this.#seen.add(key);
    const known = this.#memory.get(key);
    if (entry !== undefined && !this.#meets(entry)) return this.#leaves(key, entry, known);
    const kind = entry === undefined ? this.#keyNews(known) : this.#news(known, entry);
    if (kind === undefined) return [];
    this.#remember(key, entry);
    return [entryEvent(kind, key, entry, known?.value)];
  }

  #leaves(key: string, entry: WireEntry, known: KnownEntry | undefined): readonly TrackedEvent[] {
    if (known === undefined) return [];
    this.#memory.remove(key, entry.version);
    return [entryEvent('left', key, entry, known.value)];
  }

  /** A snapshot of keys says only which exist, so only new ones are news. */
  #keyNews(known: KnownEntry | undefined): ChangeKind | undefined {
    if (known !== undefined || !this.#complete) return undefined;
    return this.#options.conditional ? 'entered' : 'created';
  }

  #news(known: KnownEntry | undefined, entry: WireEntry): ChangeKind | undefined {
    if (!this.#isNews(known, entry)) return undefined;
    if (this.#options.conditional) return known === undefined ? 'entered' : 'changed';
    return known === undefined && (this.#complete || entry.version <= 1) ? 'created' : 'updated';
  }

  #isNews(known: KnownEntry | undefined, entry: WireEntry): boolean {
    if (known === undefined) return this.#complete || entry.time > this.#toldUntil!;
    if (known.version === undefined) return entry.time > this.#toldUntil!;
    if (this.#options.versions) return entry.version > known.version;
    return known.value === undefined || Buffer.compare(known.value, entry.value) !== 0;
  }

  #live(position: string): readonly TrackedEvent[] {
    // A watch that was opened again where it stopped says so once more; its watcher never left.
    if (this.#phase === 'live') return [];
    const now = this.#options.now();
    const lost = this.#phase === 'differences' ? this.#lost(now) : [];
    this.#phase = 'live';
    this.#seen = new Set();
    this.#complete ||= this.#snapshotPending;
    this.#snapshotPending = false;
    this.#toldUntil ??= now;
    return [...lost, markerEvent('live', now, { position })];
  }

  /** Known entries that the new snapshot does not hold. */
  #lost(time: number): TrackedEvent[] {
    const kind = this.#options.conditional ? 'left' : 'removed';
    const keys = [...this.#memory.keys()].filter((key) => !this.#seen.has(key));
    return keys.map((key) => {
      const { value, version = 0, contentType } = this.#memory.get(key)!;
      this.#memory.remove(key, version);
      return lostEvent(kind, time, { key, previous: value, version, contentType });
    });
  }

  #cleared(event: RegionChangeEvent): readonly TrackedEvent[] {
    if (!this.#memory.clear(event.position)) return [];
    this.#tell(event.time);
    return [changeEvent(event, 'cleared')];
  }

  #changed(event: RegionChangeEvent): readonly TrackedEvent[] {
    if (this.#options.versions && this.#memory.isRepeated(event.key, event.version, removals.has(event.kind))) return [];
    this.#tell(event.time);
    const known = this.#memory.get(event.key);
    const kind = this.#kind(event, known !== undefined);
    if (kind === undefined) return [];
    if (removals.has(kind)) this.#memory.remove(event.key, event.version);
    else this.#remember(event.key, event);
    // A removal has no value, so some brokers give it no content type either; the previous value needs one.
    const contentType = event.contentType === '' ? (known?.contentType ?? '') : event.contentType;
    return [changeEvent(event, kind, event.previous ?? known?.value, contentType)];
  }

  /** The kind to tell; `undefined` when the change concerns no entry that meets, or met, the condition evaluated here. */
  #kind(event: RegionChangeEvent, wasKnown: boolean): ChangeKind | undefined {
    if (!this.#options.conditional) return event.kind;
    if (this.#options.matches === undefined) return conditionalKinds[event.kind] ?? event.kind;
    // One who joined in the middle does not know what was there; the broker may.
    const didMeet =
      wasKnown || (event.previous !== undefined && this.#meets({ value: event.previous, contentType: event.contentType }));
    if (removals.has(event.kind)) return didMeet ? event.kind : undefined;
    if (this.#meets(event)) return didMeet ? 'changed' : 'entered';
    return didMeet ? 'left' : undefined;
  }

  #meets(entry: Pick<RegionChangeEvent, 'value' | 'contentType'>): boolean {
    if (this.#options.matches === undefined) return true;
    return entry.value !== undefined && this.#options.matches(entry.value, entry.contentType);
  }

  #remember(key: string, entry: Pick<RegionChangeEvent, 'value' | 'version' | 'contentType'> | undefined): void {
    const keep = !this.#options.previousValue || !this.#options.versions;
    // What binders hand out are views of larger buffers.
    const value = keep ? entry?.value?.slice() : undefined;
    this.#memory.set(key, { version: entry?.version, value, contentType: entry?.contentType ?? '' });
  }

  #tell(time: number): void {
    this.#toldUntil = Math.max(this.#toldUntil ?? time, time);
  }
}
