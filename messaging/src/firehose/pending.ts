import type { MillraceError } from '@millrace/core';
import type { SendOutcome } from '../binder/index.ts';
import type { Published } from '../client.ts';
import { raise } from '../errors.ts';
import type { Draft } from '../policies/draft.ts';
import { javaHash, selector as selectorOf } from './java-hash.ts';

/** Messages of one call, which go in one batch and wait for their outcomes. */
export interface Pending {
  /** What it counts for while it is held, in bytes. */
  readonly weight: number;
  readonly count: number;
  /** Monotonic time after which the sender has been told. */
  readonly expires: number;
  /** Whether the sender has been told. */
  readonly settled: boolean;
  /** Adds the messages to a batch, their partitions chosen; one without a place gets its outcome at once. Returns how many were added. */
  load(batch: Draft[], place: Place): number;
  /** Tells the sender, unless it was told before: the outcomes of what was loaded, from `first` on. */
  settle(outcomes: readonly SendOutcome[], first: number): void;
  fail(error: MillraceError): void;
}

/** Where messages go. */
export interface Place {
  readonly destination: string;
  readonly partitions: number;
  /** Whether the binder has a rule of its own for keys. */
  readonly placesKeys: boolean;
}

/** What a message counts for beside its payload. */
const overhead = 100;

export function weightOf(draft: Draft): number {
  return overhead + (draft.payload?.byteLength ?? 0);
}

/** The event of one `publish`. */
export class PendingEvent implements Pending {
  readonly count = 1;
  readonly weight: number;
  readonly expires: number;
  settled = false;
  readonly #draft: Draft;
  readonly #selector: number | undefined;
  readonly #resolve: (published: Published) => void;
  readonly #reject: (error: MillraceError) => void;

  /** `selector`: what the partition is chosen by; `undefined` leaves it to the binder unless the draft names one. */
  constructor(
    draft: Draft,
    selector: number | undefined,
    expires: number,
    resolve: (published: Published) => void,
    reject: (error: MillraceError) => void,
  ) {
    this.#draft = draft;
    this.#selector = selector;
    this.expires = expires;
    this.weight = weightOf(draft);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  load(batch: Draft[], place: Place): number {
    const error = setPartition(this.#draft, this.#selector, place);
    if (error !== undefined) {
      this.fail(error);
      return 0;
    }
    batch.push(this.#draft);
    return 1;
  }

  settle(outcomes: readonly SendOutcome[], first: number): void {
    const outcome = outcomes[first]!;
    if (outcome.error !== undefined) return this.fail(outcome.error);
    this.settled = true;
    this.#resolve(outcome as Published);
  }

  fail(error: MillraceError): void {
    this.settled = true;
    this.#reject(error);
  }
}

/** The outcomes of one `publishAll`, which may be sent in several parts. */
export class Outcomes {
  /** Resolves when all are there. */
  readonly all: Promise<readonly SendOutcome[]>;
  readonly #list: SendOutcome[] = [];
  #open: number;
  #resolve!: (outcomes: readonly SendOutcome[]) => void;

  constructor(count: number) {
    this.#list.length = count;
    this.#open = count;
    this.all = new Promise((resolve) => (this.#resolve = resolve));
    if (count === 0) this.#resolve(this.#list);
  }

  /** Each index once. */
  set(index: number, outcome: SendOutcome): void {
    this.#list[index] = outcome;
    if (--this.#open === 0) this.#resolve(this.#list);
  }
}

/** Events of one `publishAll` that are sent together: objects and promises of their own would cost more than all else. */
export class PendingEvents implements Pending {
  readonly expires: number;
  weight = 0;
  settled = false;
  readonly #outcomes: Outcomes;
  readonly #drafts: Draft[] = [];
  readonly #indexes: number[] = [];
  /** Only where there are any. */
  #selectors: (number | undefined)[] | undefined;

  constructor(outcomes: Outcomes, expires: number) {
    this.#outcomes = outcomes;
    this.expires = expires;
  }

  get count(): number {
    return this.#drafts.length;
  }

  /** `index`: where the outcome goes. See {@link PendingEvent} for `selector`. */
  add(index: number, draft: Draft, selector: number | undefined): void {
    if (selector !== undefined) (this.#selectors ??= [])[this.#drafts.length] = selector;
    this.#drafts.push(draft);
    this.#indexes.push(index);
    this.weight += weightOf(draft);
  }

  load(batch: Draft[], place: Place): number {
    let added = 0;
    for (let i = 0; i < this.#drafts.length; i++) {
      const error = setPartition(this.#drafts[i]!, this.#selectors?.[i], place);
      if (error !== undefined) this.#outcomes.set(this.#indexes[i]!, { error });
      else {
        batch.push(this.#drafts[i]!);
        this.#indexes[added++] = this.#indexes[i]!;
      }
    }
    this.#indexes.length = added;
    if (added === 0) this.settled = true;
    return added;
  }

  settle(outcomes: readonly SendOutcome[], first: number): void {
    this.settled = true;
    for (let i = 0; i < this.#indexes.length; i++) this.#outcomes.set(this.#indexes[i]!, outcomes[first + i]!);
  }

  fail(error: MillraceError): void {
    this.settled = true;
    const outcome = { error };
    for (const index of this.#indexes) this.#outcomes.set(index, outcome);
  }
}

/** Chooses the partition; the error if there is none such. */
export function setPartition(draft: Draft, selector: number | undefined, place: Place): MillraceError | undefined {
  const { destination, partitions } = place;
  const { partition } = draft;
  if (partition === undefined) {
    const chosen = selector ?? selectorOfKey(draft, place);
    if (chosen !== undefined) draft.partition = chosen % partitions;
    return undefined;
  }
  if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return undefined;
  return raise('NO_SUCH_PARTITION', { destination, partition, last: partitions - 1 });
}

function selectorOfKey({ key }: Draft, { placesKeys }: Place): number | undefined {
  return key === undefined || placesKeys ? undefined : selectorOf(javaHash(key));
}
