import type { DestinationInfo } from '@millrace/messaging/binder';
import type { MillraceError, Timer } from '@millrace/core';
import { decodeRecords, encodeRecords } from '../../records/records.ts';
import type { BatchMeta, OutcomeMeta } from '../../wire/protocol.ts';
import { raise } from '../../errors.ts';
import type { Call } from '../call.ts';
import { ChangeLog } from './change-log.ts';
import { allRecords, batchOf } from '../control.ts';
import type { BrokerContext } from '../context.ts';
import { Heap } from '../heap.ts';
import type { StoredDestination } from '../log/log-destination.ts';
import { NamedWatchers } from './named-watchers.ts';
import { checkedBatch } from '../log/partition.ts';
import { changeRecord, decodeChange, decodeChangeRequest } from '../../records/change-records.ts';
import type { Change } from '../../records/change-records.ts';
import { RegionState } from './region-state.ts';
import type { RegionEntry } from './region-state.ts';
import { RegionRoom } from './region-room.ts';
import type { Staged } from '../stage.ts';
import { WriteGate } from './write-gate.ts';

interface Expiry {
  readonly due: number;
  readonly key: string;
  readonly version: number;
}

/** One who is told of the region's changes. */
export interface Watcher {
  /** Whether writers have to wait for it. */
  readonly blocksWriters: boolean;
  /** Tells it of what is new. */
  serve(): void;
  /** The region is deleted. */
  end(error: MillraceError): void;
}

/** A named map with conditional changes, expiry and a log of its changes, which watchers read. */
export class Region {
  readonly kind = 'region';
  readonly name: string;
  readonly stored: StoredDestination;
  readonly changes: ChangeLog;
  readonly state = new RegionState();
  readonly named: NamedWatchers;
  readonly watchers = new Set<Watcher>();
  readonly gate: WriteGate;
  readonly #context: BrokerContext;
  readonly #room: RegionRoom;
  readonly #expiries = new Heap<Expiry>(({ due }) => due);
  #timer: Timer | undefined;
  #stagedChanges = 0;

  constructor(context: BrokerContext, name: string, stored: StoredDestination) {
    this.#context = context;
    this.name = name;
    this.stored = stored;
    this.changes = new ChangeLog(context, stored.streams[0]!);
    this.named = new NamedWatchers(context, this);
    this.gate = new WriteGate(context, this);
    this.#room = new RegionRoom(context, this, stored.changeRetentionMs);
    this.#recover();
  }

  get info(): DestinationInfo {
    return { ...this.stored.spec, name: this.name, kind: 'region', partitions: 1, count: this.state.size };
  }

  /** The epoch tells positions of this region from those of an earlier one of the same name. */
  position(offset: number): string {
    return `${this.stored.epoch}:${offset}`;
  }

  apply(call: Call<'region.apply'>): void {
    this.gate.pass(call, () => this.#apply(call));
  }

  clear(call: Call<'region.clear'>): void {
    this.gate.pass(call, () => {
      const change = this.#change('cleared', '', { origin: call.ask.origin });
      this.#stage([change], (staged) => this.#context.producers.guard(call, {}, staged), {
        applied: () => call.answer({}),
        failed: (error) => call.fail(error),
      });
    });
  }

  /** Frees room in the journal; returns whether there is more to do. */
  maintain(): boolean {
    return this.#room.maintain();
  }

  dropped(): void {
    this.#timer?.cancel();
    this.gate.dropped();
    const gone = raise('DESTINATION_UNKNOWN', { destination: this.name });
    for (const watcher of this.watchers) watcher.end(gone);
  }

  #apply(call: Call<'region.apply'>): void {
    const { batch, origin, atomic } = call.ask;
    const { changes, outcomes } = this.#judge(call.body, batch, origin);
    const refused = atomic && outcomes.some(({ applied }) => !applied);
    const settled = refused ? this.#unapplied(call.body, batch) : outcomes;
    const answer = { outcomes: settled };
    this.#stage(refused ? [] : changes, (staged) => this.#context.producers.guard(call, answer, staged), {
      applied: () => call.answer(answer),
      failed: (error) => call.fail(error),
    });
  }

  /** What is there instead, for each of the changes that were refused together. */
  #unapplied(body: Uint8Array, batch: BatchMeta): OutcomeMeta[] {
    return Array.from(decodeRecords({ bytes: body, baseOffset: 0, firstTime: batch.first }), ({ key }) => {
      const present = this.state.upcoming(key as string);
      return { applied: false, version: present?.version ?? 0, existed: present !== undefined };
    });
  }

  /** Decides on changes one after another, each as if those before it were already there. */
  #judge(body: Uint8Array, batch: BatchMeta, origin: string | undefined): { changes: Change[]; outcomes: OutcomeMeta[] } {
    checkedBatch(this.changes.stream, batch, body);
    const changes: Change[] = [];
    const outcomes: OutcomeMeta[] = [];
    const upcoming = new Map<string, RegionEntry | undefined>();
    for (const record of decodeRecords({ bytes: body, baseOffset: 0, firstTime: batch.first })) {
      const key = record.key as string;
      const { contentType, ifVersion, timeToLiveMs } = decodeChangeRequest(record.attributes!);
      const present = upcoming.has(key) ? upcoming.get(key) : this.state.upcoming(key);
      const existed = present !== undefined;
      const version = present?.version ?? 0;
      const value = record.payload ?? undefined;
      if (ifVersion !== undefined && ifVersion !== version) outcomes.push({ applied: false, version, existed });
      else if (value === undefined && !existed) outcomes.push({ applied: true, version: 0, existed });
      else {
        const kind = value === undefined ? 'removed' : 'put';
        const expiresAt = timeToLiveMs === undefined ? undefined : this.#context.clock.now() + timeToLiveMs;
        const metadata = record.headers;
        const change = this.#change(kind, key, { value, present, contentType, expiresAt, origin, metadata }, changes.length);
        changes.push(change);
        upcoming.set(key, value === undefined ? undefined : { ...change, value, at: change.offset });
        outcomes.push({ applied: true, version: change.version, existed });
      }
    }
    return { changes, outcomes };
  }

  #change(
    kind: Change['kind'],
    key: string,
    facts: Partial<Pick<Change, 'value' | 'contentType' | 'expiresAt' | 'origin' | 'metadata'>> & {
      present?: RegionEntry | undefined;
    },
    ahead = 0,
  ): Change {
    const offset = this.changes.next + this.#stagedChanges + ahead;
    const { value, present, contentType, expiresAt, origin, metadata = {} } = facts;
    return {
      kind,
      offset,
      key,
      value,
      previous: present?.value,
      contentType: value === undefined ? (present?.contentType ?? '') : (contentType ?? ''),
      version: offset + 1,
      time: this.#context.clock.now(),
      expiresAt,
      origin,
      metadata,
    };
  }

  #stage(changes: readonly Change[], guard: (staged: Staged) => Staged, { applied, failed }: Omit<Staged, 'batches'>): void {
    this.#stagedChanges += changes.length;
    this.state.stage(changes);
    const batch = batchOf(this.changes.stream, encodeRecords(changes.map(changeRecord), this.#context.clock.now()));
    const staged: Staged = {
      batches: changes.length === 0 ? [] : [batch],
      applied: () => {
        this.#stagedChanges -= changes.length;
        this.state.settle(changes);
        this.changes.appended(changes);
        for (const change of changes) this.#expectExpiry(change);
        applied([]);
        if (changes.length > 0) for (const watcher of this.watchers) watcher.serve();
      },
      failed: (error) => {
        this.#stagedChanges -= changes.length;
        this.state.settle([]);
        failed(error);
      },
    };
    this.#context.stage.add(guard(staged));
  }

  #expectExpiry({ key, version, expiresAt }: Change): void {
    if (expiresAt === undefined) return;
    const { clock } = this.#context;
    this.#expiries.push({ due: clock.monotonic() + expiresAt - clock.now(), key, version });
    this.#setTimer();
  }

  #setTimer(): void {
    this.#timer?.cancel();
    const { first } = this.#expiries;
    if (first === undefined) return;
    this.#timer = this.#context.clock.after(Math.max(0, first.due - this.#context.clock.monotonic()), () => this.#expire());
  }

  #expire(): void {
    const now = this.#context.clock.monotonic();
    const changes: Change[] = [];
    while ((this.#expiries.first?.due ?? Infinity) <= now) {
      const { key, version } = this.#expiries.pop()!;
      const present = this.state.upcoming(key);
      if (present?.version === version) changes.push(this.#change('expired', key, { present }, changes.length));
    }
    // What could not be stored is tried again; the entry is late, not lost.
    const again = (): void => {
      for (const { key } of changes) {
        const entry = this.state.get(key);
        if (entry !== undefined) this.#expiries.push({ due: now + 1000, key, version: entry.version });
      }
      this.#setTimer();
    };
    if (changes.length > 0) this.#stage(changes, (staged) => staged, { applied: () => undefined, failed: again });
    this.#setTimer();
  }

  #recover(): void {
    for (const record of allRecords(this.#context.journal, this.changes.stream)) this.state.apply(decodeChange(record));
    for (const entry of this.state.byPlace()) if (entry.expiresAt !== undefined) this.#expectExpiry({ ...entry, ...recovered });
  }
}

const plain = { origin: undefined, metadata: {} } as const;
const recovered = { kind: 'put', offset: 0, previous: undefined, ...plain } as const;
