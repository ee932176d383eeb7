import type { WatchMeta } from '../../wire/protocol.ts';
import type { ChangeLog } from './change-log.ts';
import type { Change } from '../../records/change-records.ts';
import { conflate } from './watch-events.ts';

/** Where a watcher gets its changes from. */
export interface ChangeSource {
  /** Changes not yet pulled, from memory or the journal; none when it is level; a text says why some are lost. */
  pull(): readonly Change[] | string;
  /** Goes on at this offset, after a snapshot. */
  restart(offset: number): void;
  /** Everything below this offset is done. */
  acknowledged(offset: number): void;
  /** Changes not yet pulled. */
  readonly backlog: number;
  close(): void;
}

/** Why a watcher cannot go on where it was. */
export const tooOld = 'the changes after this position are no longer kept';

/** Changes held for a watcher unless it says otherwise. */
export const defaultBacklog = 10_000;

/** Reads the change log from a place of its own. What it has not read costs no memory: it lies in the journal. */
export class CursorSource implements ChangeSource {
  readonly #changes: ChangeLog;
  readonly #options: WatchMeta;
  #cursor: number;

  constructor(changes: ChangeLog, options: WatchMeta, cursor: number) {
    this.#changes = changes;
    this.#options = options;
    this.#cursor = cursor;
  }

  get backlog(): number {
    return this.#changes.next - this.#cursor;
  }

  pull(): readonly Change[] | string {
    const { mode, maxBacklog = defaultBacklog, whenFull = mode === 'every' ? 'disconnect' : 'conflate' } = this.#options;
    if (this.#cursor < this.#changes.earliest) return tooOld;
    const full = this.backlog > maxBacklog;
    if (full && whenFull === 'disconnect') return `more than ${maxBacklog} changes were waiting for this watcher`;
    if (full && whenFull === 'conflate') return this.#readAll();
    return mode === 'every' ? this.#read() : this.#readLatest();
  }

  restart(offset: number): void {
    this.#cursor = offset;
  }

  acknowledged(): void {
    // Only shared positions are kept by the broker.
  }

  close(): void {
    // Holds nothing.
  }

  #read(): readonly Change[] {
    const changes = this.#changes.read(this.#cursor);
    this.#cursor = (changes.at(-1)?.offset ?? this.#cursor - 1) + 1;
    return changes;
  }

  #readLatest(): readonly Change[] {
    let latest: readonly Change[] = [];
    // Carried entries are no changes: where there are only such, the next ones count.
    while (latest.length === 0 && this.backlog > 0) latest = conflate(this.#read());
    return latest;
  }

  #readAll(): readonly Change[] {
    let all: Change[] = [];
    for (let changes = this.#read(); changes.length > 0; changes = this.#read()) all = conflate([...all, ...changes]);
    return all;
  }
}
