import type { BatchInput, Journal } from '../journal/journal.ts';

/** Something to be made durable, and what to do then. Exactly one of the two functions is called. */
export interface Staged {
  readonly batches: readonly BatchInput[];
  /** Called after the commit with the base offset of each batch. Changes the state in memory and answers. */
  applied(bases: readonly number[]): void;
  /** Called when the commit failed and nothing was stored. */
  failed(error: unknown): void;
}

/** A call, as far as it can fail. */
interface Failing {
  fail(error: unknown): void;
}

/** How a stage puts its flushes off. */
export interface Scheduling {
  /** Runs a task soon, after what has arrived was taken in: what arrives together is committed together. */
  readonly soon: (task: () => void) => void;
  /** Runs a task a moment later: what nobody waits for goes with what is committed next, and alone only if nothing is. */
  readonly later: (task: () => void) => void;
}

/** Bytes that one commit takes at most, so that a flood does not become one huge pause. */
const commitBytes = 8 * 1024 * 1024;

/**
 * Collects what arrives while a commit runs and makes it durable with the next one: one flush for all. State in memory changes only
 * after the flush, so nothing is visible that could still be lost.
 */
export class Stage {
  readonly #journal: Journal;
  readonly #scheduling: Scheduling;
  /** Called before each commit: batches that belong to whatever is committed next. */
  readonly #companions: () => Staged | undefined;
  readonly #flush = (): void => this.flush();
  #waiting: Staged[] = [];
  #bytes = 0;
  #scheduled = false;
  #scheduledLater = false;

  constructor(journal: Journal, scheduling: Scheduling, companions: () => Staged | undefined) {
    this.#journal = journal;
    this.#scheduling = scheduling;
    this.#companions = companions;
  }

  add(staged: Staged): void {
    this.#waiting.push(staged);
    for (const batch of staged.batches) this.#bytes += batch.bytes.length;
    if (this.#bytes > commitBytes) this.flush();
    else this.request();
  }

  /** Like {@link add}, for what nobody waits for. */
  addLater(staged: Staged): void {
    this.#waiting.push(staged);
    for (const batch of staged.batches) this.#bytes += batch.bytes.length;
    if (this.#scheduled || this.#scheduledLater) return;
    this.#scheduledLater = true;
    this.#scheduling.later(() => {
      this.#scheduledLater = false;
      if (this.#waiting.length > 0) this.request();
    });
  }

  /** Runs `done` when everything put so far is durable; fails the call if it cannot be. */
  afterCommit(call: Failing, done: () => void): void {
    this.add({ batches: [], applied: done, failed: (error) => call.fail(error) });
  }

  /** Makes sure that a flush comes soon. */
  request(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#scheduling.soon(this.#flush);
  }

  /** Commits what is waiting, now. */
  flush(): void {
    this.#scheduled = false;
    const group = this.#waiting;
    const companion = this.#companions();
    if (companion !== undefined) group.push(companion);
    if (group.length === 0) return;
    this.#waiting = [];
    this.#bytes = 0;
    this.#commit(group);
  }

  #commit(group: readonly Staged[]): void {
    const batches = group.flatMap((staged) => staged.batches);
    let bases: readonly number[];
    try {
      bases = batches.length === 0 ? [] : this.#journal.commit(batches);
    } catch (error) {
      for (const staged of group) staged.failed(error);
      return;
    }
    let at = 0;
    for (const staged of group) {
      const { length } = staged.batches;
      staged.applied(bases.slice(at, at + length));
      at += length;
    }
  }
}
