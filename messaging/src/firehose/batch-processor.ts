import type { BatchHandler, BatchOutcome, ItemOutcome } from '../client.ts';
import { raise } from '../errors.ts';
import type { Message } from '../message.ts';
import { KeyedExecutor, type Step } from '../policies/keyed-executor.ts';
import type { MessageCoder } from '../policies/message-coder.ts';
import { nextDelay } from '../policies/retry.ts';
import { runHandler } from '../policies/run-handler.ts';
import { BatchBuffer } from './batch-buffer.ts';
import { idOf } from './event-processor.ts';
import { fail, giveUp, succeed, type Consumption } from './failures.ts';
import { HandledEvent } from './handled-event.ts';
import type { PartitionState, Tracked } from './partition-state.ts';
import type { Processor, Session } from './session.ts';

export interface BatchOptions {
  readonly concurrency: number;
  readonly maxBatch: number;
  readonly maxWaitMs: number;
}

interface Item<T> {
  readonly tracked: Tracked;
  readonly payload: T;
  readonly context: HandledEvent;
}

/**
 * Handles events in batches: one batch at a time per partition, partitions concurrently. An item that failed holds back only its own
 * key; when a whole batch fails for the last time its items are tried once more one by one, so that only the culprit is parked.
 */
export class BatchProcessor<T> implements Processor {
  readonly #consumption: Consumption;
  readonly #coder: MessageCoder<T>;
  readonly #handler: BatchHandler<T>;
  readonly #executor: KeyedExecutor;
  readonly #options: BatchOptions;
  readonly #buffers = new WeakMap<PartitionState, BatchBuffer>();

  constructor(consumption: Consumption, coder: MessageCoder<T>, handler: BatchHandler<T>, options: BatchOptions) {
    this.#consumption = consumption;
    this.#coder = coder;
    this.#handler = handler;
    this.#options = options;
    this.#executor = new KeyedExecutor(consumption.services.clock, options.concurrency);
  }

  accept(tracked: Tracked, session: Session): void {
    const { partition } = tracked;
    const known = this.#buffers.get(partition);
    const buffer = known ?? new BatchBuffer(this.#consumption.services.clock, this.#options);
    if (known === undefined) this.#buffers.set(partition, buffer);
    buffer.add(tracked);
    // Looked at once for all that arrives together: the first event is not a batch of its own.
    if (buffer.noticed) return;
    buffer.noticed = true;
    queueMicrotask(() => this.#look(`${partition.number}`, buffer, session));
  }

  pause(): void {
    this.#executor.pause();
  }

  resume(): void {
    this.#executor.resume();
  }

  wake(): void {
    this.#executor.wake();
  }

  outside<R>(waiting: Promise<R>): Promise<R> {
    return this.#executor.outside(waiting);
  }

  #look(lane: string, buffer: BatchBuffer, session: Session): void {
    buffer.noticed = false;
    if (buffer.scheduled) return this.#executor.wake(lane);
    buffer.scheduled = true;
    this.#executor.submit(lane, () => this.#run(buffer, session));
  }

  async #run(buffer: BatchBuffer, session: Session): Promise<Step> {
    const { clock } = this.#consumption.services;
    buffer.dropUnwanted(session);
    if (buffer.waitMs() === 0) {
      const batch = buffer.take(clock.monotonic()).filter((tracked) => session.begin(tracked));
      await this.#handleAll(batch, session);
      for (const tracked of batch) session.end(tracked);
      buffer.putBack(batch.filter((tracked) => !tracked.finished));
    }
    if (buffer.size > 0) return { againAfterMs: buffer.waitMs() };
    buffer.scheduled = false;
    return undefined;
  }

  async #handleAll(batch: readonly Tracked[], session: Session): Promise<void> {
    const toPark = batch.filter((tracked) => tracked.failure !== undefined);
    await Promise.all(toPark.map((tracked) => giveUp(this.#consumption, tracked, session, undefined)));
    const items: Item<T>[] = [];
    for (const tracked of batch) {
      if (tracked.failure !== undefined) continue;
      const item = this.#decode(tracked, session);
      const ready = item instanceof Promise ? await item : item;
      if (ready !== undefined) items.push(ready);
    }
    if (items.length > 0) await this.#handle(items, session);
  }

  /** Synchronous where the schema is; `undefined` for an event that cannot be read, which is parked. */
  #decode(tracked: Tracked, session: Session): Item<T> | Promise<Item<T> | undefined> {
    tracked.attempt++;
    const { destination, group } = this.#consumption;
    const unreadable = async (error: unknown) => {
      await fail(this.#consumption, tracked, session, error);
      return undefined;
    };
    const item = (message: Message<T>): Item<T> => {
      const context = new HandledEvent(message, tracked, session, destination, group);
      return { tracked, payload: message.payload, context };
    };
    try {
      const message = this.#coder.decode(tracked.delivery, idOf(destination, tracked));
      return message instanceof Promise ? message.then(item, unreadable) : item(message);
    } catch (error) {
      return unreadable(error);
    }
  }

  async #handle(items: readonly Item<T>[], session: Session): Promise<void> {
    const { services, metrics } = this.#consumption;
    const start = services.clock.monotonic();
    const headers = items.map(({ context }) => context.headers);
    try {
      const outcome = await runHandler<BatchOutcome>(services.tracing, headers, () => this.#handler(items), this.#consumption);
      await Promise.all(items.flatMap((item, index) => this.#conclude(item, outcome?.[index], session) ?? []));
    } catch (error) {
      await Promise.all(items.map(({ tracked }) => this.#failed(tracked, session, error, items.length)));
    } finally {
      metrics.duration.observe((services.clock.monotonic() - start) / 1000);
    }
  }

  /** A promise only where there is something to wait for. */
  #conclude({ tracked }: Item<T>, outcome: ItemOutcome | undefined, session: Session): Promise<unknown> | undefined {
    const { metrics, tally } = this.#consumption;
    if (outcome === undefined) return succeed(this.#consumption, tracked, session) ?? undefined;
    if ('retry' in outcome) return fail(this.#consumption, tracked, session, causeOf(outcome.retry, 'retry'));
    metrics.failed.inc();
    tally.failed++;
    return giveUp(this.#consumption, tracked, session, causeOf(outcome.reject, 'reject'));
  }

  /** A batch failed as a whole. An item with no try left gets one alone: it need not be the one at fault. */
  async #failed(tracked: Tracked, session: Session, error: unknown, batchSize: number): Promise<void> {
    const { policy } = this.#consumption;
    const last = policy.classify(error) === 'reject' || nextDelay(policy, tracked.attempt) === undefined;
    if (batchSize > 1 && last && !tracked.finished) {
      tracked.alone = true;
      tracked.attempt--;
    } else await fail(this.#consumption, tracked, session, error);
  }
}

/** What an item is parked with: the error that the handler gave, or its word in an error. */
function causeOf(given: unknown, outcome: string): unknown {
  return given instanceof Error ? given : raise('BATCH_ITEM_FAILED', { outcome, problem: String(given) }, given);
}
