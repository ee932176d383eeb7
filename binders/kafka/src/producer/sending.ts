import type { MillraceError } from '@millrace/core';
import type { SendOutcome } from '@millrace/messaging/binder';
import type { WireRecord } from '../records/batch-writer.ts';

/** One call of send: outcomes to be filled in, and who waits for them. */
export class Sending {
  readonly outcomes: (SendOutcome | undefined)[];
  readonly settled: Promise<readonly SendOutcome[]>;
  #left: number;
  #resolve: (outcomes: readonly SendOutcome[]) => void = () => undefined;

  constructor(count: number) {
    this.outcomes = Array.from({ length: count });
    this.#left = count;
    this.settled = new Promise((resolve) => (this.#resolve = resolve));
    this.#check();
  }

  settle(index: number, outcome: SendOutcome): void {
    this.outcomes[index] = outcome;
    this.#left--;
    this.#check();
  }

  #check(): void {
    if (this.#left === 0) this.#resolve(this.outcomes as SendOutcome[]);
  }
}

/** The messages of one send that go to one partition, or a part of them: what stays together in a batch. */
export class Parcel {
  readonly sending: Sending;
  readonly indexes: readonly number[];
  readonly records: readonly WireRecord[];
  readonly bytes: number;

  constructor(sending: Sending, indexes: readonly number[], records: readonly WireRecord[]) {
    this.sending = sending;
    this.indexes = indexes;
    this.records = records;
    this.bytes = records.reduce((sum, { size }) => sum + size + perRecord, 0);
  }

  /** `base` is where the first record lies; -1 where that is not known. */
  accepted(partition: number, base: number): void {
    this.indexes.forEach((index, n) => {
      this.sending.settle(index, base < 0 ? { partition } : { partition, offset: base + n });
    });
  }

  failed(error: MillraceError): void {
    for (const index of this.indexes) this.sending.settle(index, { error });
  }

  /** The same in pieces of at most so many bytes each, as far as that goes. */
  within(maxBytes: number): readonly Parcel[] {
    return this.bytes <= maxBytes ? [this] : parcelsOf(this.sending, this.indexes, this.records, maxBytes);
  }
}

/** Bytes that a record's length and deltas take, at most, about. */
const perRecord = 20;

/** Cuts the messages for one partition into parcels of at most `maxBytes`, or of one message that is larger. */
export function parcelsOf(
  sending: Sending,
  indexes: readonly number[],
  records: readonly WireRecord[],
  maxBytes: number,
): readonly Parcel[] {
  const parcels: Parcel[] = [];
  let from = 0;
  let bytes = 0;
  records.forEach(({ size }, at) => {
    if (at > from && bytes + size + perRecord > maxBytes) {
      parcels.push(new Parcel(sending, indexes.slice(from, at), records.slice(from, at)));
      [from, bytes] = [at, 0];
    }
    bytes += size + perRecord;
  });
  if (from < records.length) parcels.push(new Parcel(sending, indexes.slice(from), records.slice(from)));
  return parcels;
}
