import { kitError } from './errors.ts';

/** The counts of a {@link DeliveryLedger}, each of distinct messages unless said otherwise. */
export interface LedgerSummary {
  /** Messages that were tried to be sent. */
  readonly attempts: number;
  /** Messages whose send was acknowledged. */
  readonly acks: number;
  /** Messages that were attempted and received. */
  readonly ok: number;
  /** Acknowledged but never received. Must be 0. */
  readonly lost: number;
  /** Received though never attempted, or though their send was refused for certain. Must be 0. */
  readonly unexpected: number;
  /** Receipts beyond the first of each message; 0 where effectively-once is claimed. */
  readonly duplicated: number;
  /** Received though their send was never acknowledged: allowed when its outcome was unknown. */
  readonly recovered: number;
}

/**
 * Books what was sent and what arrived, and says what went wrong: the checker of every test about loss. It counts as the total-queue
 * checker of Jepsen does. Messages are told apart by ids that the test chooses; sending one again under the same id, as after a
 * failure, is one attempt.
 *
 * Protocol: `attempted` before each send, then `acknowledged` or `refused` or, when the outcome is unknown, nothing; `received` for
 * each receipt; `check` once all has arrived that will.
 */
export class DeliveryLedger {
  readonly #attempted = new Set<string>();
  readonly #acknowledged = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #received = new Map<string, number>();

  /** A send of this message is about to begin. */
  attempted(id: string): void {
    this.#attempted.add(id);
    this.#refused.delete(id);
  }

  /** Its send succeeded: from now on the message must not get lost. */
  acknowledged(id: string): void {
    this.#acknowledged.add(id);
  }

  /** Its send failed for certain (any code but `INDETERMINATE`): the message must not arrive. */
  refused(id: string): void {
    this.#refused.add(id);
  }

  /** A consumer got the message. */
  received(id: string): void {
    this.#received.set(id, (this.#received.get(id) ?? 0) + 1);
  }

  /** How many different messages have been received. */
  get receivedCount(): number {
    return this.#received.size;
  }

  /** Acknowledged messages that nobody received so far. */
  missing(): readonly string[] {
    return [...this.#acknowledged].filter((id) => !this.#received.has(id));
  }

  summary(): LedgerSummary {
    const received = [...this.#received.keys()];
    const unexpected = received.filter((id) => this.#isUnexpected(id)).length;
    return {
      attempts: this.#attempted.size,
      acks: this.#acknowledged.size,
      ok: received.length - unexpected,
      lost: this.missing().length,
      unexpected,
      duplicated: this.#duplicates().length,
      recovered: received.filter((id) => !this.#isUnexpected(id) && !this.#acknowledged.has(id)).length,
    };
  }

  /**
   * Throws `DATA_LOSS` with the summary and examples unless nothing is lost or unexpected and, with `duplicates: 'none'` (default
   * `'allowed'`), nothing was received twice.
   */
  check(options: { readonly duplicates?: 'allowed' | 'none' } = {}): void {
    this.#mustBeEmpty('acknowledged messages were lost', this.missing());
    const unexpected = [...this.#received.keys()].filter((id) => this.#isUnexpected(id));
    this.#mustBeEmpty('messages arrived that were never accepted', unexpected);
    if (options.duplicates === 'none') this.#mustBeEmpty('messages arrived more than once', this.#duplicates());
  }

  /** One line: `attempts 100, acks 100, ok 99, lost 1, …`. */
  toString(): string {
    return Object.entries(this.summary())
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  }

  #isUnexpected(id: string): boolean {
    return !this.#attempted.has(id) || (this.#refused.has(id) && !this.#acknowledged.has(id));
  }

  // One element per receipt too many, so that its length is the count.
  #duplicates(): readonly string[] {
    return [...this.#received].flatMap(([id, count]) => Array.from({ length: count - 1 }, () => id));
  }

  #mustBeEmpty(rule: string, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const shown = ids.slice(0, 5).join(', ');
    const examples = `; for example ${shown}${ids.length > 5 ? ', …' : ''}`;
    throw kitError('DELIVERIES_WRONG', { rule, summary: this.toString(), examples, ids: ids.slice(0, 100) });
  }
}
