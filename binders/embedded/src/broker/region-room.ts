import type { BrokerContext } from './context.ts';
import type { Region } from './region.ts';

const day = 86_400_000;

/** Records without use before live ones are moved to free the room. */
const slack = 10_000;
const carriedAtOnce = 1000;

/** Keeps the journal of a region small: changes older than the retention go, entries among them are carried to the end. */
export class RegionRoom {
  readonly #context: BrokerContext;
  readonly #region: Region;
  readonly #retentionMs: number;

  constructor(context: BrokerContext, region: Region, retentionMs = day) {
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
    this.#carryOldest(horizon);
    return true;
  }

  #carryOldest(horizon: number): void {
    const entries = [];
    for (const entry of this.#region.state.byPlace()) {
      if (entry.at >= horizon || entries.length >= carriedAtOnce) break;
      entries.push(entry);
    }
    this.#region.carry(entries);
  }
}
