import type { ChangeOutcome, RegionChange } from '../binder/index.ts';
import { binderError, raise } from '../errors.ts';
import { Batcher } from '../policies/batcher.ts';
import { withDeadline } from '../policies/deadline.ts';
import { Pending, type Limit } from '../policies/pending.ts';
import type { RegionAccess } from './entry-reader.ts';

type PendingChange = Pending<RegionChange, ChangeOutcome>;

const weigh = ({ item }: PendingChange): number => 100 + (item.value?.length ?? 0);

/** Applies changes in the order in which they were asked for, coalesced; every change settles within its deadline. */
export class EntryWriter {
  readonly #access: RegionAccess;
  readonly #changes: Batcher<PendingChange>;
  readonly #limit: Limit;

  constructor(access: RegionAccess) {
    this.#access = access;
    const operation = `writing to region '${access.binding.region}'`;
    this.#limit = {
      deadlines: access.deadlines,
      deadlineMs: access.deadlineMs,
      late: (handedOver, deadlineMs) => raise(handedOver ? 'WRITE_UNKNOWN' : 'DEADLINE', { operation, deadlineMs }),
    };
    // One batch at a time: two at once could be applied in either order.
    this.#changes = new Batcher((batch) => this.#flush(batch), { maxBatch: 1000, maxBytes: 1 << 20, weigh, maxInFlight: 1 });
  }

  /** Resolves with what became of the change once it is durable. */
  async apply(change: RegionChange): Promise<ChangeOutcome> {
    if (!this.#changes.hasRoom) await this.#room();
    return new Promise((resolve, reject) => this.#changes.add(new Pending(change, this.#limit, resolve, reject)));
  }

  /** Resolves when every change asked for is settled. */
  idle(): Promise<void> {
    return this.#changes.idle();
  }

  #room(): Promise<void> {
    const { clock, deadlineMs: ms, binding } = this.#access;
    return withDeadline({ clock, ms, operation: `waiting to write to region '${binding.region}'` }, () => this.#changes.room());
  }

  async #flush(batch: readonly PendingChange[]): Promise<void> {
    const { binder, binding, origin } = this.#access;
    const open = batch.filter((change) => change.handOver());
    if (open.length === 0) return;
    try {
      const changes = open.map(({ item }) => item);
      const outcomes = await binding.apply(changes, { origin });
      open.forEach((change, index) => settle(change, outcomes[index]!));
    } catch (error) {
      const failure = binderError(binder, `write to region '${binding.region}'`, error);
      for (const change of open) change.fail(failure);
    }
  }
}

function settle(change: PendingChange, outcome: ChangeOutcome): void {
  if (!outcome.applied && outcome.error !== undefined) change.fail(outcome.error);
  else change.succeed(outcome);
}
