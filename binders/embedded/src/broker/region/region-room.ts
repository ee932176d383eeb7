import { encodeRecords } from '../../records/records.ts';
import type { ChangeLog } from './change-log.ts';
import type { BrokerContext } from '../context.ts';
import { batchOf } from '../control.ts';
import { changeRecord } from '../../records/change-records.ts';
import type { Change } from '../../records/change-records.ts';
import type { RegionEntry, RegionState } from './region-state.ts';

const day = 86_400_000;

/** Records without use before live ones are moved to free the room. */
const slack = 10_000;
const carriedAtOnce = 1000;

/** What a region has in the journal. */
interface Kept {
  readonly changes: ChangeLog;
  readonly state: RegionState;
  readonly named: { readonly oldestNeeded: number | undefined };
}

/** Keeps the journal of a region small: changes older than the retention go, entries among them are carried to the end. */
export class RegionRoom {
  readonly #context: BrokerContext;
  readonly #region: Kept;
  readonly #retentionMs: number;

  constructor(context: BrokerContext, region: Kept, retentionMs = day) {
    this.#context = context;
    this.#region = region;
    this.#retentionMs = retentionMs;
  }

  /** Returns whether there is more to do. */
  maintain(): boolean {
    const { changes, state, named } = this.#region;
    const { journal, clock } = this.#context;
    const aged = journal.offsetAt(changes.stream, clock.now() - this.#retentionMs);
    const horizon = Math.min(aged, named.oldestNeeded ?? aged);
    const [oldest] = state.byPlace();
    const needed = Math.min(horizon, oldest?.at ?? horizon);
    if (needed > changes.earliest) journal.truncate(changes.stream, needed);
    // Entries that lie before the horizon hold back all the room up to it.
    if (needed === horizon || horizon - needed < 2 * state.size + slack) return false;
    this.#carry(this.#oldest(horizon));
    return true;
  }

  #oldest(horizon: number): readonly RegionEntry[] {
    const entries = [];
    for (const entry of this.#region.state.byPlace()) {
      if (entry.at >= horizon || entries.length >= carriedAtOnce) break;
      entries.push(entry);
    }
    return entries;
  }

  /** Commits entries anew as they are, so that their old records can go. */
  #carry(entries: readonly RegionEntry[]): void {
    const { changes, state } = this.#region;
    // Staged changes count on their offsets.
    this.#context.stage.flush();
    const carried = entries.map((entry, i) => carriedChange(entry, changes.next + i));
    this.#context.journal.commit([batchOf(changes.stream, encodeRecords(carried.map(changeRecord), 0))]);
    for (const change of carried) state.apply(change);
    changes.appended(carried);
  }
}

function carriedChange(entry: RegionEntry, offset: number): Change {
  const { key, value, contentType, version, time, expiresAt } = entry;
  const change = { key, value, contentType, version, time, expiresAt };
  return { kind: 'carried', offset, ...change, previous: undefined, origin: undefined, metadata: {} };
}
