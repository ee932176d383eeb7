import type { ChangeKind, Filter, Headers } from '../binder/index.ts';
import type { RetryOptions } from '../policies/retry.ts';

/** An entry with its decoded value. */
export interface Entry<V> {
  readonly key: string;
  readonly value: V;
  readonly version: number;
  readonly time: number;
}

/** How an entry is put. */
export interface PutOptions {
  readonly timeToLiveMs?: number | undefined;
  readonly metadata?: Headers | undefined;
}

/** The entries of one region. Writes resolve when durable; each entry's version grows with every change. */
export interface RegionHandle<V> {
  readonly name: string;
  get(key: string): Promise<V | undefined>;
  getEntry(key: string): Promise<Entry<V> | undefined>;
  getAll(keys: readonly string[]): Promise<ReadonlyMap<string, V>>;
  put(key: string, value: V, options?: PutOptions): Promise<{ readonly version: number }>;
  putAll(entries: Iterable<readonly [string, V]>, options?: PutOptions): Promise<void>;
  /** Resolves with whether it was put; an existing entry stays as it is. */
  putIfAbsent(key: string, value: V, options?: PutOptions): Promise<boolean>;
  /** Replaces the entry if it still has this version; `CONFLICT` otherwise, with the version that is there. */
  replace(key: string, version: number, value: V, options?: PutOptions): Promise<{ readonly version: number }>;
  /** Merges fields into the entry (JSON merge patch) atomically. `NOT_FOUND` if there is none. */
  patch(key: string, change: Partial<V>, options?: PutOptions): Promise<{ readonly version: number }>;
  /** Resolves with whether there was an entry. */
  delete(key: string): Promise<boolean>;
  clear(): Promise<void>;
  count(): Promise<number>;
  /** Entries whose value meets the condition, in key order. */
  query(where?: TypedFilter<V> | string): AsyncIterable<Entry<V>>;
  /** Tells the handler of changes, in order per key, concurrently across keys. */
  watch(options: WatchRequest<V>, handler: WatchHandler<V>): Promise<Watch>;
  /** A local view that follows the region; ready when it resolves. */
  liveMap(options?: Pick<WatchRequest<V>, 'keys' | 'prefix' | 'pattern' | 'where'>): Promise<LiveMap<V>>;
}

type FieldPath<V, Depth extends unknown[] = []> = Depth['length'] extends 4
  ? never
  : V extends readonly unknown[]
    ? never
    : V extends object
      ? { [K in keyof V & string]: K | `${K}.${FieldPath<NonNullable<V[K]>, [...Depth, unknown]>}` }[keyof V & string]
      : never;
type AtPath<V, P extends string> = P extends `${infer Head}.${infer Rest}`
  ? Head extends keyof V
    ? AtPath<NonNullable<V[Head]>, Rest>
    : never
  : P extends keyof V
    ? V[P]
    : never;
type FieldCondition<T> =
  | T
  | {
      eq?: T;
      ne?: T;
      in?: readonly T[];
      exists?: boolean;
      lt?: T & (number | string);
      lte?: T & (number | string);
      gt?: T & (number | string);
      gte?: T & (number | string);
      prefix?: T & string;
    };

/** A {@link Filter} whose paths and values are checked against the region's value type. */
export type TypedFilter<V> = unknown extends V
  ? Filter
  :
      | { readonly [P in FieldPath<V>]?: FieldCondition<AtPath<V, P>> }
      | { readonly $or: readonly TypedFilter<V>[] }
      | { readonly $not: TypedFilter<V> };

/** What to watch and how. `key`, `keys`, `prefix`, `pattern` and `where` must all hold; `key` and `keys` exclude each other. */
export interface WatchRequest<V> {
  readonly key?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly prefix?: string | undefined;
  /** A regular expression that the whole key must match, without back references and look-around. */
  readonly pattern?: RegExp | string | undefined;
  /**
   * A typed filter or an expression over the value. Events are then about the entries that meet it: `entered` (new or newly so),
   * `changed`, `left` (still there but not so any more), `removed`, `expired` and `cleared`.
   */
  readonly where?: TypedFilter<V> | string | undefined;
  /** Leave out all but these fields of values. */
  readonly fields?: readonly (keyof V & string)[] | undefined;
  /** What comes first (default `values`). */
  readonly snapshot?: 'none' | 'keys' | 'values' | undefined;
  readonly mode?: 'every' | 'latest' | 'invalidate' | undefined;
  /** A durable watcher: what it missed while away comes when it is back. */
  readonly name?: string | undefined;
  readonly competing?: boolean | undefined;
  /** Continue from an exported token instead of a snapshot. */
  readonly resume?: string | undefined;
  /** Also tell of changes made through this runtime (default true). */
  readonly ownWrites?: boolean | undefined;
  readonly maxBacklog?: number | undefined;
  readonly whenFull?: 'block' | 'conflate' | 'disconnect' | undefined;
  /** Handlers running at once, across keys (default 16). */
  readonly concurrency?: number | undefined;
  /**
   * When the handler is run again for an event on which it failed; only events of the same key wait. After the last try the event of a
   * named watcher is parked in its dead-letter destination, that of any other is reported and dropped.
   */
  readonly retry?: RetryOptions | undefined;
}

/** A change as a watcher sees it. */
export interface EntryEvent<V> {
  /**
   * `live` follows a snapshot: what comes now is change. `gap` says that changes were lost; a new snapshot follows, up to the next
   * `live`: as `created`, `updated` and `removed` (with a condition `entered`, `changed` and `left`) against what this watcher was told,
   * when `metadata.differences` is true, and else in full as `snapshot`.
   */
  readonly kind: 'snapshot' | 'live' | 'gap' | ChangeKind;
  /** Empty for `live`, `gap` and `cleared`. */
  readonly key: string;
  readonly value: V | undefined;
  /** What the value was, where it is known and still fits the schema. */
  readonly previous: V | undefined;
  readonly version: number;
  readonly time: number;
  /** Who made the change (a runtime's name), where known; for `gap` the reason. */
  readonly cause: string | undefined;
  readonly metadata: Headers;
  /** Resume after this one; empty within a snapshot, which can only be taken as a whole. */
  readonly position: string;
}

/** Told of one change; a promise is awaited before the next of the same key. */
export type WatchHandler<V> = (event: EntryEvent<V>) => unknown;

/** A watch under way, supervised: it reconnects by itself. */
export interface Watch extends AsyncDisposable {
  readonly status: 'up' | 'recovering' | 'down' | 'closed';
  /** Where to go on: everything before it was handled. Give it to `resume` of a later watch. */
  resumeToken(): string | undefined;
  close(): Promise<void>;
}

/** A read-only map that follows a region. */
export interface LiveMap<V> extends Iterable<readonly [string, V]>, AsyncDisposable {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  keys(): IterableIterator<string>;
  values(): IterableIterator<V>;
  /** Called after each change was applied; returns how to stop. */
  onChange(listener: (event: EntryEvent<V>) => void): () => void;
  close(): Promise<void>;
}
