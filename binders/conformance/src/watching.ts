import assert from 'node:assert/strict';
import type {
  RegionBinding,
  RegionChange,
  RegionChangeEvent,
  RegionWatch,
  Selector,
  WatchEvent,
  WatchOptions,
} from '@millrace/messaging/binder';
import { kitError } from './errors.ts';
import type { Kit } from './kit.ts';
import { textOf, utf8 } from './messages.ts';

type Snapshot = Extract<WatchEvent, { kind: 'snapshot' }>;

/** Written last; also the last in key order, so that a snapshot that holds it has told all before. */
export const lastKey = '~end';

/** A new value of an entry. */
export function put(key: string, value: string, more: Partial<RegionChange> = {}): RegionChange {
  return { key, value: utf8(value), ...more };
}

export function remove(key: string, more: Partial<RegionChange> = {}): RegionChange {
  return { key, value: null, ...more };
}

/** A JSON value. */
export function putJson(key: string, value: unknown): RegionChange {
  return put(key, JSON.stringify(value), { contentType: 'application/json' });
}

/** Applies changes that must all apply; returns the versions. */
export async function apply(
  kit: Kit,
  region: RegionBinding,
  changes: readonly RegionChange[],
  options?: Parameters<RegionBinding['apply']>[1],
): Promise<readonly number[]> {
  const outcomes = await kit.within(region.apply(changes, options), 'apply');
  assert.equal(outcomes.length, changes.length, 'apply has one outcome per change');
  return outcomes.map((outcome, index) => {
    assert.ok(outcome.applied, `the change of '${changes[index]!.key}' must apply`);
    return outcome.version;
  });
}

/** The region's entries as text by key. */
export async function contents(
  kit: Kit,
  region: RegionBinding,
  selector: Selector = {},
): Promise<ReadonlyMap<string, string | null>> {
  const entries = await kit.within(region.scan(selector, undefined, 100_000), 'scan');
  return new Map(entries.map((entry) => [entry.key, textOf(entry.value)]));
}

/** A watch as scenarios read it: the snapshot, then change by change. */
export class Watching {
  readonly #kit: Kit;
  readonly watch: RegionWatch;
  #waiting: WatchEvent[] = [];

  private constructor(kit: Kit, watch: RegionWatch) {
    this.#kit = kit;
    this.watch = watch;
  }

  static async open(
    kit: Kit,
    region: RegionBinding,
    options: Partial<WatchOptions> = {},
    selector: Selector = {},
  ): Promise<Watching> {
    const opening = region.watch(selector, { snapshot: 'none', mode: 'every', ...options });
    return new Watching(kit, await kit.within(opening, 'watch'));
  }

  /** The next event of any kind, waited for no longer than `ms` (default `settleMs`). */
  async next(ms?: number): Promise<WatchEvent> {
    if (this.#waiting.length === 0)
      this.#waiting = [...(await this.#kit.within(this.watch.receive(100), 'receive of a watch', ms))];
    const event = this.#waiting.shift();
    if (event === undefined) throw kitError('SOURCE_CLOSED', { what: 'receive of a watch' });
    return event;
  }

  /** The snapshot, up to the `live` marker. */
  async snapshot(): Promise<readonly Snapshot[]> {
    const got: Snapshot[] = [];
    for (let event = await this.next(); event.kind !== 'live'; event = await this.next()) {
      assert.equal(event.kind, 'snapshot', `'${event.kind}' before the marker 'live'`);
      if (event.kind === 'snapshot') got.push(event);
    }
    return got;
  }

  /** Skips to after the `live` marker, whatever comes before it. */
  async live(): Promise<void> {
    while ((await this.next()).kind !== 'live');
  }

  /** The next `count` changes; only markers may come between. */
  async changes(count: number): Promise<readonly RegionChangeEvent[]> {
    const got: RegionChangeEvent[] = [];
    while (got.length < count) {
      const event = await this.next();
      if (event.kind === 'live') continue;
      assert.ok(event.kind !== 'gap' && event.kind !== 'snapshot', `'${event.kind}' where a change was expected`);
      got.push(event);
    }
    return got;
  }

  /** No event but markers arrives for a while. */
  async quiet(what = 'this watch'): Promise<void> {
    const { quietMs } = this.#kit.timeouts;
    const receiving = this.#kit.meanwhile(this.watch.receive(10, quietMs));
    await this.#kit.pass(quietMs);
    const got = [...this.#waiting, ...(await this.#kit.within(receiving, 'receive with waitMs'))];
    const events = got.filter((event) => event.kind !== 'live').map(summary);
    assert.deepEqual(events, [], `nothing more must arrive at ${what}`);
  }
}

/** What a client that follows a watch believes the region to hold. */
export class Replica {
  readonly entries = new Map<string, string | null>();
  readonly versions = new Map<string, number>();
  gaps = 0;
  #snapshot: Set<string> | undefined;

  /** Takes in an event; throws if the versions of a key do not grow. */
  take(event: WatchEvent): void {
    if (event.kind === 'gap') {
      this.gaps++;
      this.#snapshot = new Set();
    } else if (event.kind === 'live') this.#endSnapshot();
    else if (event.kind === 'snapshot') this.#takeSnapshot(event);
    else this.#takeChange(event);
  }

  #takeSnapshot(event: Snapshot): void {
    this.#snapshot?.add(event.key);
    this.entries.set(event.key, textOf(event.entry?.value));
    if (event.entry !== undefined) this.versions.set(event.key, event.entry.version);
  }

  // A snapshot after a gap is the whole truth: what it does not hold is gone.
  #endSnapshot(): void {
    if (this.#snapshot === undefined) return;
    for (const key of this.entries.keys()) if (!this.#snapshot.has(key)) this.entries.delete(key);
    this.#snapshot = undefined;
  }

  #takeChange(event: RegionChangeEvent): void {
    if (event.kind === 'cleared') return this.entries.clear();
    const known = this.versions.get(event.key) ?? 0;
    assert.ok(event.version > known, `version ${event.version} of '${event.key}' came after version ${known}`);
    this.versions.set(event.key, event.version);
    if (event.value === undefined) this.entries.delete(event.key);
    else this.entries.set(event.key, textOf(event.value));
  }
}

/** `created k=v`, for comparisons and messages. */
export function summary(event: WatchEvent): string {
  if (event.kind === 'live' || event.kind === 'gap') return event.kind;
  if (event.kind === 'snapshot') return `snapshot ${event.key}=${textOf(event.entry?.value) ?? ''}`;
  if (event.kind === 'cleared') return 'cleared';
  return `${event.kind} ${event.key}${event.value === undefined ? '' : `=${textOf(event.value)}`}`;
}
