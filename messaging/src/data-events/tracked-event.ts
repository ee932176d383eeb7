import type { ChangeKind, Headers, RegionChangeEvent, WireEntry } from '../binder/index.ts';

/** What a watch tells, before decoding: the binder's events without repetitions, and snapshots after a gap as differences. */
export interface TrackedEvent {
  readonly kind: 'snapshot' | 'live' | 'gap' | ChangeKind;
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly previous: Uint8Array | undefined;
  readonly contentType: string;
  readonly version: number;
  readonly time: number;
  readonly cause: string | undefined;
  readonly metadata: Headers;
  /** Where to resume after this one; absent inside a snapshot, which can only be taken again as a whole. */
  readonly position: string | undefined;
}

const nothing = {
  key: '',
  value: undefined,
  previous: undefined,
  contentType: '',
  version: 0,
  cause: undefined,
  metadata: Object.freeze({}),
  position: undefined,
} as const;

/** An event about the watch itself. */
export function markerEvent(kind: 'live' | 'gap', time: number, more?: Partial<TrackedEvent>): TrackedEvent {
  return { ...nothing, kind, time, ...more };
}

/** An event about an entry that a snapshot holds, or that a key snapshot names. */
export function entryEvent(
  kind: TrackedEvent['kind'],
  key: string,
  entry: WireEntry | undefined,
  previous?: Uint8Array,
): TrackedEvent {
  if (entry === undefined) return { ...nothing, kind, key, time: 0 };
  const { value, contentType, version, time } = entry;
  return { ...nothing, kind, key, value, previous, contentType, version, time };
}

/** An event about a known entry that a snapshot does not hold any more. */
export function lostEvent(kind: 'removed' | 'left', time: number, known: Partial<TrackedEvent>): TrackedEvent {
  return { ...nothing, kind, time, ...known };
}

/** A change as the broker told it, as this kind. */
export function changeEvent(
  event: RegionChangeEvent,
  kind: ChangeKind,
  previous?: Uint8Array,
  contentType = event.contentType,
): TrackedEvent {
  return {
    kind,
    key: event.key,
    value: event.value,
    previous,
    contentType,
    version: event.version,
    time: event.time,
    cause: event.origin,
    metadata: event.metadata,
    position: event.position,
  };
}
