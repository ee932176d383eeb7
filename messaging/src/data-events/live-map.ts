import { raise } from '../errors.ts';
import type { Log } from '../runtime/log.ts';
import type { EntryEvent, LiveMap, Watch, WatchHandler, WatchRequest } from './region-handle.ts';

type Listener<V> = (event: EntryEvent<V>) => void;

/** A read-only map that follows a region through a watch; see {@link LiveMap}. */
export class RegionMap<V> implements LiveMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #listeners = new Set<Listener<V>>();
  readonly #region: string;
  readonly #log: Log;
  readonly #ready = Promise.withResolvers<void>();
  /** The keys of a full snapshot under way; what is not among them at its end is gone. */
  #snapshot: Set<string> | undefined;
  #watch: Watch | undefined;

  constructor(region: string, log: Log) {
    this.#region = region;
    this.#log = log;
  }

  /** Opens the watch and resolves when the map holds the region as it is. */
  async follow(
    open: (request: WatchRequest<V>, handler: WatchHandler<V>) => Promise<Watch>,
    query: WatchRequest<V>,
  ): Promise<void> {
    this.#watch = await open({ ...query, snapshot: 'values', mode: 'latest' }, (event) => this.#apply(event));
    await this.#ready.promise;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  [Symbol.iterator](): IterableIterator<readonly [string, V]> {
    return this.#entries.entries();
  }

  onChange(listener: Listener<V>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#ready.reject(raise('WATCH_CLOSED', { region: this.#region }));
    this.#ready.promise.catch(() => {});
    this.#listeners.clear();
    await this.#watch?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #apply(event: EntryEvent<V>): void {
    switch (event.kind) {
      case 'gap':
        this.#snapshot = event.metadata['differences'] === true ? undefined : new Set();
        return;
      case 'live':
        this.#live();
        return;
      case 'snapshot':
        this.#snapshot?.add(event.key);
        this.#entries.set(event.key, event.value as V);
        return;
      case 'cleared':
        this.#entries.clear();
        break;
      case 'removed':
      case 'expired':
      case 'left':
        this.#entries.delete(event.key);
        break;
      default:
        this.#entries.set(event.key, event.value as V);
    }
    this.#tell(event);
  }

  #live(): void {
    const held = this.#snapshot;
    this.#snapshot = undefined;
    if (held !== undefined) for (const key of this.#entries.keys()) if (!held.has(key)) this.#entries.delete(key);
    this.#ready.resolve();
  }

  #tell(event: EntryEvent<V>): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#log('error', `a listener of the map of region '${this.#region}' failed`, { error });
      }
    }
  }
}
