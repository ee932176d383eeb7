import { Buffer } from 'node:buffer';
import { copyOf } from '../bytes.ts';
import type { BatchInput, Journal } from '../journal/journal.ts';
import { decodeRecords, encodeRecords } from '../records/records.ts';
import type { EncodedBatch } from '../records/records.ts';
import type { Staged } from './stage.ts';

/** The journal stream of the broker's own small state. */
export const controlStream = 1;

/** Records beyond the live ones before the stream is written anew. */
const slack = 20_000;

type Value = unknown;

/**
 * Small durable facts by key: the catalogue, the positions of groups and watchers, what producers were answered. Values are JSON.
 * The last one of a key counts; the stream is written anew when most of it is overwritten, so that it stays small.
 */
export class Control {
  readonly #journal: Journal;
  readonly #now: () => number;
  readonly #values = new Map<string, Value>();
  #pending = new Map<string, Value>();

  constructor(journal: Journal, now: () => number) {
    this.#journal = journal;
    this.#now = now;
    this.#recover();
  }

  get(key: string): Value {
    return this.#values.get(key);
  }

  /** The value as it will be after the next commit. */
  latest(key: string): Value {
    return this.#pending.has(key) ? this.#pending.get(key) : this.#values.get(key);
  }

  /** Entries whose key begins with `prefix`. */
  *entries(prefix: string): IterableIterator<readonly [key: string, value: Value]> {
    for (const entry of this.#values) if (entry[0].startsWith(prefix)) yield entry;
  }

  /** Stores a value with the next commit; `undefined` removes it. */
  put(key: string, value: Value): void {
    this.#pending.set(key, value);
  }

  /** Removes all keys that begin with `prefix` with the next commit. */
  removeAll(prefix: string): void {
    for (const key of this.#pending.keys()) if (key.startsWith(prefix)) this.#pending.set(key, undefined);
    for (const key of this.#values.keys()) if (key.startsWith(prefix)) this.#pending.set(key, undefined);
  }

  /** What was put since the last commit, to go with the next one. */
  take(): Staged | undefined {
    if (this.#pending.size === 0) return undefined;
    const pending = this.#pending;
    this.#pending = new Map();
    return {
      batches: [this.#batch(pending)],
      applied: () => {
        for (const [key, value] of pending) this.#set(key, value);
      },
      // Nothing of it is wrong, so it goes with the next commit, unless it was replaced since.
      failed: () => {
        for (const [key, value] of pending) if (!this.#pending.has(key)) this.#pending.set(key, value);
      },
    };
  }

  /** Writes the stream anew where that frees most of it. */
  compact(): void {
    const { earliest, next } = this.#journal.bounds(controlStream);
    if (next - earliest < 2 * this.#values.size + slack) return;
    if (this.#values.size > 0) this.#journal.commit([this.#batch(this.#values)]);
    this.#journal.truncate(controlStream, next);
  }

  #batch(values: ReadonlyMap<string, Value>): BatchInput {
    return batchOf(controlStream, encodeRecords(recordsOf(values), this.#now()));
  }

  #set(key: string, value: Value): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  #recover(): void {
    for (const record of allRecords(this.#journal, controlStream)) {
      const { payload } = record;
      this.#set(record.key as string, payload === null ? undefined : JSON.parse(Buffer.from(payload).toString()));
    }
  }
}

function recordsOf(values: ReadonlyMap<string, Value>) {
  return [...values].map(([key, value]) => ({
    key,
    headers: {},
    payload: value === undefined ? null : Buffer.from(JSON.stringify(value)),
  }));
}

/** A batch for a stream from freshly encoded records. */
export function batchOf(stream: number, { bytes, count, firstTime, lastTime }: EncodedBatch): BatchInput {
  return { stream, bytes, count, firstTime, lastTime };
}

const readBytes = 1024 * 1024;

/** Every record of a stream from its earliest offset on, with the batch that holds it. */
export function* allRecords(journal: Journal, stream: number) {
  const { earliest, next } = journal.bounds(stream);
  for (let from = earliest; from < next;) {
    const batches = journal.read(stream, from, readBytes);
    if (batches.length === 0) return;
    for (const batch of batches) {
      from = batch.baseOffset + batch.count;
      for (const record of decodeRecords({ ...batch, bytes: copyOf(batch.bytes) })) if (record.offset >= earliest) yield record;
    }
  }
}
