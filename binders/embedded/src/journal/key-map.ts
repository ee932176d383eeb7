import type { RecordView } from '../records/records.ts';
import type { StreamPolicy } from './journal.ts';
import { tombstoneIsOld } from './retention.ts';

/** Keys held at once, at most; a stream with more is compacted in several passes. */
const keyLimit = 1_000_000;

/** The last offset of each key in a stretch of a stream, from which follows which records are superseded. */
export class KeyMap {
  readonly #last = new Map<string, number>();
  readonly #repeated = new Set<string>();
  /** Whether the stretch begins where the stream does, so that nothing older is left than what was seen. */
  readonly #fromStart: boolean;
  /** Where the stretch ends. */
  #end: number;

  constructor(start: number, fromStart: boolean) {
    this.#end = start;
    this.#fromStart = fromStart;
  }

  get full(): boolean {
    return this.#last.size >= keyLimit;
  }

  /** Where the stretch ends so far. */
  get end(): number {
    return this.#end;
  }

  /** Adds the next record. */
  add({ keyIdentity, offset }: RecordView): void {
    this.#end = offset + 1;
    if (keyIdentity === undefined) return;
    if (this.#last.has(keyIdentity)) this.#repeated.add(keyIdentity);
    this.#last.set(keyIdentity, offset);
  }

  /** Whether a record must stay: it is the last of its key, as far as seen, or has none. An old tombstone goes once it is alone. */
  isLive(record: RecordView, policy: StreamPolicy, now: number): boolean {
    const { keyIdentity, offset } = record;
    if (keyIdentity === undefined || offset >= this.#end) return true;
    const last = this.#last.get(keyIdentity);
    if (last === undefined || last < offset) return true;
    if (last > offset) return false;
    const alone = this.#fromStart && !this.#repeated.has(keyIdentity);
    return !(record.tombstone && alone && tombstoneIsOld(record.timestamp, policy, now));
  }
}
