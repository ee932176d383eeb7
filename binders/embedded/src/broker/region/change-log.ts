import type { BrokerContext } from '../context.ts';
import { decodeChange } from '../../records/change-records.ts';
import type { Change } from '../../records/change-records.ts';
import { copyOf } from '../../bytes.ts';
import { decodeRecords } from '../../records/records.ts';

/** Changes kept decoded for watchers that keep up. */
const recentLimit = 2048;
const recentBytes = 4 * 1024 * 1024;
const readBytes = 512 * 1024;

/** The changes of a region in order: the last ones from memory, older ones from the journal. */
export class ChangeLog {
  readonly stream: number;
  readonly #context: BrokerContext;
  #recent: Change[] = [];
  #bytes = 0;

  constructor(context: BrokerContext, stream: number) {
    this.#context = context;
    this.stream = stream;
  }

  get earliest(): number {
    return this.#context.journal.bounds(this.stream).earliest;
  }

  get next(): number {
    return this.#context.journal.bounds(this.stream).next;
  }

  appended(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#recent.push(change);
      this.#bytes += sizeOf(change);
    }
    if (this.#recent.length > 2 * recentLimit || this.#bytes > recentBytes) this.#shorten();
  }

  /** Changes from `from` on, about as many as one read brings; where to go on is after the last. Carried entries are among them. */
  read(from: number): readonly Change[] {
    const first = this.#recent[0]?.offset ?? this.next;
    return from >= first ? this.#recent.slice(from - first, from - first + recentLimit) : this.#readStored(from);
  }

  #readStored(from: number): Change[] {
    const changes: Change[] = [];
    for (const batch of this.#context.journal.read(this.stream, from, readBytes))
      for (const record of decodeRecords({ ...batch, bytes: copyOf(batch.bytes) }))
        if (record.offset >= from) changes.push(decodeChange(record));
    return changes;
  }

  #shorten(): void {
    const cut = this.#bytes > recentBytes ? Math.ceil(this.#recent.length / 2) : this.#recent.length - recentLimit;
    for (const change of this.#recent.splice(0, cut)) this.#bytes -= sizeOf(change);
  }
}

function sizeOf({ key, value, previous }: Change): number {
  return 200 + key.length + (value?.length ?? 0) + (previous?.length ?? 0);
}
