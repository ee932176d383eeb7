import { Buffer } from 'node:buffer';
import { copyOf } from '../bytes.ts';
import type { BatchInput, Journal, StoredBatch } from '../journal/journal.ts';
import { decodeRecords, encodeRecords } from '../records/records.ts';
import type { EncodedBatch } from '../records/records.ts';
import { lostRange } from './lost-range.ts';
import type { Staged } from './stage.ts';

/** The journal stream of the broker's own small state. */
export const controlStream = 1;

/** Records beyond the live ones before the stream is written anew. */
const slack = 20_000;

/** Begins a copy of the catalogue: what it held before is replaced by what follows. */
const catalogueMark = 'catalogue';
const catalogueKeys = /^(?:d\||ids$|stream$)/;

type Value = unknown;

/**
 * Small durable facts by key: the catalogue, the positions of groups and watchers, what producers were answered. Values are JSON.
 * The last one of a key counts; the stream is written anew when most of it is overwritten, so that it stays small. The catalogue is
 * there twice, at different places: without it nobody knows what belongs to which destination.
 */
export class Control {
  readonly #journal: Journal;
  readonly #now: () => number;
  readonly #values = new Map<string, Value>();
  #pending = new Map<string, Value>();
  /** Whether the catalogue was changed since it was copied. */
  #uncopied = false;
  #damaged = false;

  constructor(journal: Journal, now: () => number) {
    this.#journal = journal;
    this.#now = now;
    this.#recover();
  }

  /** Whether facts are missing because a part of the stream cannot be read. */
  get damaged(): boolean {
    return this.#damaged;
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
    this.#uncopied = true;
  }

  /** Writes the catalogue a second time where that is due. */
  copyCatalogue(): void {
    if (!this.#uncopied) return;
    const catalogue = [...this.#values].filter(([key]) => catalogueKeys.test(key));
    this.#journal.commit([this.#batch(new Map<string, Value>([[catalogueMark, catalogue.length + 1], ...catalogue]))]);
    this.#uncopied = false;
  }

  #batch(values: ReadonlyMap<string, Value>): BatchInput {
    return batchOf(controlStream, encodeRecords(recordsOf(values), this.#now()));
  }

  #set(key: string, value: Value): void {
    if (catalogueKeys.test(key)) this.#uncopied = true;
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  /** Forgets the catalogue as it was; returns how many records the copy has. */
  #beginCopy(records: number): number {
    for (const key of this.#values.keys()) if (catalogueKeys.test(key)) this.#values.delete(key);
    return records;
  }

  #recover(): void {
    let copyEnds = 0;
    for (const record of allRecords(this.#journal, controlStream, () => (this.#damaged = true))) {
      const { payload, offset } = record;
      const value: Value = payload === null ? undefined : JSON.parse(Buffer.from(payload).toString());
      if (record.key === catalogueMark) copyEnds = offset + this.#beginCopy(value as number);
      else this.#set(record.key as string, value);
      if (offset + 1 === copyEnds) this.#uncopied = false;
    }
    if (this.#damaged) this.#uncopied = true;
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

/**
 * Every record of a stream from its earliest offset on, with the batch that holds it. What is damaged is passed over where `onLost` is
 * given, which is called then.
 */
export function* allRecords(journal: Journal, stream: number, onLost?: () => void) {
  const { earliest, next } = journal.bounds(stream);
  for (let from = earliest; from < next;) {
    const batches = readOrSkip(journal, stream, from, onLost);
    if (typeof batches === 'number') {
      from = batches;
      continue;
    }
    if (batches.length === 0) return;
    for (const batch of batches) {
      from = batch.baseOffset + batch.count;
      for (const record of decodeRecords({ ...batch, bytes: copyOf(batch.bytes) })) if (record.offset >= earliest) yield record;
    }
  }
}

function readOrSkip(
  journal: Journal,
  stream: number,
  from: number,
  onLost: (() => void) | undefined,
): readonly StoredBatch[] | number {
  try {
    return journal.read(stream, from, readBytes);
  } catch (error) {
    const lost = lostRange(error);
    if (lost === undefined || onLost === undefined) throw error;
    onLost();
    return lost.to;
  }
}
