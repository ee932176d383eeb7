import type { MillraceError, Timer } from '@millrace/core';
import type { BatchInput } from '../../journal/journal.ts';
import { cutRecords, decodeRecords } from '../../records/records.ts';
import type { RecordView } from '../../records/records.ts';
import { raise } from '../../errors.ts';
import type { Call } from '../call.ts';
import type { BrokerContext } from '../context.ts';
import { checkedBatch } from '../log/partition.ts';
import type { QueueIndex } from './queue-index.ts';
import { decodeQueueRecord } from '../../records/command-records.ts';
import type { CommandAttributes } from '../../records/command-records.ts';
import type { QueueStore } from './queue-store.ts';
import type { Staged } from '../stage.ts';

type SendCall = Call<'queue.send'>;

interface WaitingSender {
  readonly call: SendCall;
  readonly timer: Timer;
}

interface Accepted {
  readonly command: CommandAttributes;
  readonly record: RecordView;
  readonly delta: number;
}

/** Takes commands into a queue: repetitions are dropped, and senders wait while the queue is full. */
export class QueueIntake {
  readonly #context: BrokerContext;
  readonly #store: QueueStore;
  readonly #index: QueueIndex;
  readonly #arrived: () => void;
  /** Ids on their way to the journal, with how often. */
  readonly #pending = new Set<string>();
  #pendingCount = 0;
  #waiting: WaitingSender[] = [];

  constructor(context: BrokerContext, store: QueueStore, index: QueueIndex, arrived: () => void) {
    this.#context = context;
    this.#store = store;
    this.#index = index;
    this.#arrived = arrived;
  }

  send(call: SendCall): void {
    if (this.#waiting.length === 0 && this.#hasRoom(call)) this.#accept(call);
    else this.#wait(call);
  }

  /** Lets waiting senders in where there is room now. */
  resume(): void {
    for (let first = this.#waiting[0]; first !== undefined && this.#hasRoom(first.call); first = this.#waiting[0]) {
      this.#waiting.shift();
      first.timer.cancel();
      this.#acceptLate(first.call);
    }
  }

  dropped(error: MillraceError): void {
    for (const { call, timer } of this.#waiting) {
      timer.cancel();
      call.fail(error);
    }
    this.#waiting = [];
  }

  /** A batch larger than the limit is let in alone, or it never would be. */
  #hasRoom(call: SendCall): boolean {
    const present = this.#index.entries.size + this.#pendingCount;
    return present === 0 || present + call.ask.batch.count <= this.#context.limits.maxQueueDepth;
  }

  #wait(call: SendCall): void {
    const { queue, waitMs } = call.ask;
    const remove = (): void => {
      this.#waiting = this.#waiting.filter((waiting) => waiting.call !== call);
    };
    const timer = this.#context.clock.after(waitMs, () => {
      remove();
      call.fail(raise('QUEUE_FULL', { queue, limit: this.#context.limits.maxQueueDepth, waitMs }));
    });
    this.#waiting.push({ call, timer });
    call.onCancel(() => {
      timer.cancel();
      remove();
    });
  }

  #acceptLate(call: SendCall): void {
    try {
      this.#accept(call);
    } catch (error) {
      call.fail(error);
    }
  }

  #accept(call: SendCall): void {
    const batch = checkedBatch(this.#store.stream, call.ask.batch, call.body);
    const { accepted, duplicates } = this.#sift(batch);
    const remembered = accepted.flatMap(({ command }) => (command.deduplicateMs > 0 ? [command.id] : []));
    for (const id of remembered) this.#pending.add(id);
    this.#pendingCount += accepted.length;
    const settle = (): void => {
      for (const id of remembered) this.#pending.delete(id);
      this.#pendingCount -= accepted.length;
    };
    const staged: Staged = {
      batches: accepted.length === 0 ? [] : [duplicates.length === 0 ? batch : without(batch, new Set(duplicates))],
      applied: ([base = 0]) => {
        settle();
        const { clock } = this.#context;
        const entering = { base, first: batch.firstTime, now: clock.monotonic(), wall: clock.now() };
        for (const { command, record, delta } of accepted) this.#store.enter(command, record, base + delta, entering);
        if (call.ask.awaitsReplies) call.answerLater({ base, duplicates });
        else call.answer({ base, duplicates });
        this.#arrived();
      },
      failed: (error) => {
        settle();
        call.fail(error);
      },
    };
    this.#context.stage.add(this.#context.producers.guard(call, { base: undefined, duplicates }, staged));
  }

  #sift(batch: BatchInput): { accepted: Accepted[]; duplicates: number[] } {
    const now = this.#context.clock.monotonic();
    const accepted: Accepted[] = [];
    const duplicates: number[] = [];
    const inBatch = new Set<string>();
    for (const record of decodeRecords({ bytes: batch.bytes, baseOffset: 0, firstTime: batch.firstTime })) {
      const command = commandOf(record);
      const { id, deduplicateMs } = command;
      const known = deduplicateMs > 0 && (inBatch.has(id) || this.#pending.has(id) || this.#store.seen.has(id, deduplicateMs, now));
      if (known) duplicates.push(record.offset);
      else accepted.push({ command, record, delta: record.offset });
      if (deduplicateMs > 0) inBatch.add(id);
    }
    return { accepted, duplicates };
  }
}

function commandOf({ attributesReader }: RecordView): CommandAttributes {
  const command = attributesReader === undefined ? undefined : decodeQueueRecord(attributesReader);
  if (command?.kind !== 'command') throw raise('REQUEST_INVALID', { what: 'it holds a record that is no command' });
  return command;
}

/** The batch without some of its records; it takes the same number of offsets. */
function without(batch: BatchInput, left: ReadonlySet<number>): BatchInput {
  const { bytes } = cutRecords({ ...batch, baseOffset: 0 }, ({ offset }) => !left.has(offset));
  return { ...batch, bytes };
}
