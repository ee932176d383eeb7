import { countRecords, decodeRecords } from '../../records/records.ts';
import type { BatchInput, CollectedBatches, StoredBatch, StreamBounds } from '../../journal/journal.ts';
import type { BatchMeta } from '../../wire/protocol.ts';
import type { BrokerContext } from '../context.ts';
import { lostRange } from '../lost-range.ts';
import { raise } from '../../errors.ts';

/** One partition of a log: where it lies in the journal and who waits for more. */
export class Partition {
  readonly number: number;
  readonly stream: number;
  readonly #context: BrokerContext;
  readonly #destination: string;
  readonly #waiters = new Set<() => void>();

  constructor(context: BrokerContext, destination: string, number: number, stream: number) {
    this.#context = context;
    this.#destination = destination;
    this.number = number;
    this.stream = stream;
  }

  get bounds(): StreamBounds {
    return this.#context.journal.bounds(this.stream);
  }

  /** Stored batches from `from` on; what retention removed is passed over. */
  read(from: number, maxBytes: number): readonly StoredBatch[] {
    const { earliest, next } = this.bounds;
    return from >= next ? [] : this.#named(() => this.#context.journal.read(this.stream, Math.max(from, earliest), maxBytes));
  }

  /** The same in memory of their own; nothing at the end. */
  collect(from: number, maxBytes: number): CollectedBatches | undefined {
    const { earliest, next } = this.bounds;
    if (from >= next) return undefined;
    return this.#named(() => this.#context.journal.collect(this.stream, Math.max(from, earliest), maxBytes));
  }

  offsetAt(time: number): number {
    const { journal } = this.#context;
    const from = journal.offsetAt(this.stream, time);
    for (const batch of this.#named(() => journal.read(this.stream, from, 1)))
      for (const record of decodeRecords(batch)) if (record.offset >= from && record.timestamp >= time) return record.offset;
    return this.bounds.next;
  }

  /** Who reads knows the destination, not the journal's stream. */
  #named<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      const lost = lostRange(error);
      if (lost === undefined) throw error;
      throw raise('OFFSETS_LOST', { ...lost, what: `partition ${this.number} of '${this.#destination}'` }, error);
    }
  }

  /** Calls `task` once, after the next append; returns how to stop waiting. */
  wait(task: () => void): () => void {
    this.#waiters.add(task);
    return () => this.#waiters.delete(task);
  }

  /** To be called after an append. */
  appended(): void {
    if (this.#waiters.size === 0) return;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const task of waiters) task();
  }
}

/** A batch from a client, checked so far that the log stays readable whatever it sent. */
export function checkedBatch(stream: number, meta: BatchMeta, bytes: Uint8Array): BatchInput {
  const { count, first, last } = meta;
  const found = countRecords(bytes);
  if (found !== count) throw raise('BATCH_INVALID', { stream, what: `it has ${found} records, not ${count}` });
  return { stream, count, firstTime: first, lastTime: last, bytes };
}

/** Cuts a body into its batches. */
export function* sections(body: Uint8Array, lengths: Iterable<{ readonly length: number }>): IterableIterator<Uint8Array> {
  let at = 0;
  for (const { length } of lengths) {
    const end = at + length;
    if (!(length >= 0) || end > body.length) throw raise('REQUEST_INVALID', { what: 'it is shorter than its parts' });
    yield body.subarray(at, end);
    at = end;
  }
}
