import type { Clock } from '@millrace/core';
import type { Binder, RegionBinding, WireEntry } from '../binder/index.ts';
import { binderError, raise } from '../errors.ts';
import { Batcher } from '../policies/batcher.ts';
import type { Deadlines } from '../policies/deadlines.ts';
import { Pending, type Limit } from '../policies/pending.ts';

/** What reading and writing need. */
export interface RegionAccess {
  readonly binder: Binder;
  readonly binding: RegionBinding;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly deadlineMs: number;
  readonly origin: string;
}

type PendingRead = Pending<string, WireEntry | undefined>;

/** Reads entries by key, coalesced; every read settles within its deadline. */
export class EntryReader {
  readonly #access: RegionAccess;
  readonly #reads: Batcher<PendingRead>;
  readonly #limit: Limit;

  constructor(access: RegionAccess) {
    this.#access = access;
    const operation = `reading from region '${access.binding.region}'`;
    const { deadlines, deadlineMs } = access;
    this.#limit = { deadlines, deadlineMs, late: () => raise('DEADLINE', { operation, deadlineMs }) };
    this.#reads = new Batcher((batch) => this.#flush(batch), { maxBatch: 1000, maxInFlight: 2 });
  }

  get(key: string): Promise<WireEntry | undefined> {
    return new Promise((resolve, reject) => this.#reads.add(new Pending(key, this.#limit, resolve, reject)));
  }

  async #flush(batch: readonly PendingRead[]): Promise<void> {
    try {
      const entries = await this.#access.binding.get(batch.map(({ item }) => item));
      batch.forEach((read, index) => read.succeed(entries[index]));
    } catch (error) {
      const failure = binderError(this.#access.binder, `read from region '${this.#access.binding.region}'`, error);
      for (const read of batch) read.fail(failure);
    }
  }
}
