import type { MillraceError } from '@millrace/core';
import type { Headers } from './message.ts';
import type { Where } from './where.ts';

/** Named maps of entries whose changes can be watched. */
export interface RegionFacet {
  /** Opens a region, creating it where missing. */
  open(region: string, options?: RegionOptions): Promise<RegionBinding>;
}

/** What a region should be like when it is made. */
export interface RegionOptions {
  /** How long changes are kept for watchers that resume, in milliseconds (default 24 h). */
  readonly changeRetentionMs?: number | undefined;
}

/** An entry as stored. */
export interface WireEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly contentType: string;
  /** Grows with every change of the entry, also across removal. */
  readonly version: number;
  /** Milliseconds since the epoch of the last change. */
  readonly time: number;
}

/** One change to apply. Without a condition it always applies. */
export interface RegionChange {
  readonly key: string;
  /** The new value; `null` removes the entry. */
  readonly value: Uint8Array | null;
  readonly contentType?: string | undefined;
  /** Applies only if the entry has this version; 0 means that it must be absent. */
  readonly ifVersion?: number | undefined;
  readonly timeToLiveMs?: number | undefined;
  /** Facts about the change for watchers (who, why). */
  readonly metadata?: Headers | undefined;
}

/** What became of a change: the entry's version now, or the conflict with what is there. */
export type ChangeOutcome =
  | { readonly applied: true; readonly version: number; readonly existed: boolean }
  | { readonly applied: false; readonly version: number; readonly error?: MillraceError | undefined };

/** Which entries a query or a watch is about; all conditions must hold. */
export interface Selector {
  readonly keys?: readonly string[] | undefined;
  readonly prefix?: string | undefined;
  /** A regular expression that the whole key must match. */
  readonly pattern?: string | undefined;
  readonly where?: Where | undefined;
}

/** An open region. */
export interface RegionBinding {
  readonly region: string;
  get(keys: readonly string[]): Promise<readonly (WireEntry | undefined)[]>;
  /** Applies changes in order, each atomically; resolves when durable. `atomic`: all or, if a condition fails, none. */
  apply(
    changes: readonly RegionChange[],
    options?: { readonly origin?: string; readonly atomic?: boolean },
  ): Promise<readonly ChangeOutcome[]>;
  /** Entries in key order after `after`, at most `limit`. */
  scan(selector: Selector, after: string | undefined, limit: number): Promise<readonly WireEntry[]>;
  count(): Promise<number>;
  /** Removes all entries as one change of cause `cleared`. */
  clear(options?: { readonly origin?: string }): Promise<void>;
  watch(selector: Selector, options: WatchOptions): Promise<RegionWatch>;
  close(): Promise<void>;
}

/** How a region is watched. */
export interface WatchOptions {
  /** What comes before the `live` marker: nothing, the keys, or the entries that match now. */
  readonly snapshot: 'none' | 'keys' | 'values';
  /** Every change; the latest per key when the watcher is behind; or the keys alone. */
  readonly mode: 'every' | 'latest' | 'invalidate';
  /** Continue after this position instead of taking a snapshot. */
  readonly resumeAfter?: string | undefined;
  /** A durable watcher: the broker keeps its position and backlog under this name while it is away. */
  readonly name?: string | undefined;
  /** Members of a named watcher share its changes by key instead of each getting all. */
  readonly competing?: boolean | undefined;
  /** Changes held for this watcher, at most (default 10000), and what happens beyond. */
  readonly maxBacklog?: number | undefined;
  readonly whenFull?: 'block' | 'conflate' | 'disconnect' | undefined;
  /** Leave out changes made with this origin. */
  readonly excludeOrigin?: string | undefined;
}

/**
 * Without a `where`: `created`, `updated`, `removed` and `expired`, as the entry fared. Under a `where`: `entered`, `changed` and `left`,
 * as the entry begins to meet it, changes while it does, and stays without meeting it; one that met it and is gone is `removed` or
 * `expired`. `cleared` comes to every watcher.
 */
export type ChangeKind = 'created' | 'updated' | 'removed' | 'expired' | 'cleared' | 'entered' | 'changed' | 'left';

/**
 * What a watch receives. `snapshot` entries come first, then `live`, then changes without a gap between; `gap` says that changes were
 * lost to this watcher (with the reason) and is followed by a new snapshot and `live`.
 */
export type WatchEvent =
  | { readonly kind: 'snapshot'; readonly key: string; readonly entry: WireEntry | undefined; readonly position: string }
  | { readonly kind: 'live'; readonly position: string }
  | { readonly kind: 'gap'; readonly reason: string; readonly position: string }
  | RegionChangeEvent;

/** A change of an entry, as it crosses the binder boundary. */
export interface RegionChangeEvent {
  readonly kind: ChangeKind;
  /** Absent for `cleared`. */
  readonly key: string;
  /** The new value, absent for removals and in `invalidate` mode. */
  readonly value: Uint8Array | undefined;
  readonly previous: Uint8Array | undefined;
  readonly contentType: string;
  readonly version: number;
  readonly time: number;
  readonly origin: string | undefined;
  readonly metadata: Headers;
  /** Opaque; what `resumeAfter` takes and `ack` acknowledges. */
  readonly position: string;
}

/** A stream of changes, pulled: what is not received waits at the broker, bounded as the watch was asked for. */
export interface RegionWatch {
  receive(max: number, waitMs?: number): Promise<readonly WatchEvent[]>;
  /** For named watchers: everything up to this position is done and need not come again. */
  ack(position: string): Promise<void>;
  close(): Promise<void>;
}
