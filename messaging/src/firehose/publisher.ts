import type { Clock, MillraceError, Timer } from '@millrace/core';
import type { Binder, ProducerBinding, SendOutcome } from '../binder/index.ts';
import { binderError, raise } from '../errors.ts';
import { withDeadline } from '../policies/deadline.ts';
import type { Draft } from '../policies/draft.ts';
import type { Counter } from '../policies/metrics.ts';
import type { Pending, Place } from './pending.ts';

export interface PublisherOptions {
  readonly destination: string;
  readonly clock: Clock;
  readonly published: Counter;
  readonly failed: Counter;
  readonly open: () => Promise<{ readonly binder: Binder; readonly binding: ProducerBinding }>;
}

interface Batch {
  readonly items: readonly Pending[];
  /** How many messages each of the items has in it. */
  readonly counts: readonly number[];
  readonly messages: readonly Draft[];
}

const limits = {
  /** Two, so that the next batch is written while the broker makes the first durable. */
  batchesInFlight: 2,
  batchMessages: 10_000,
  batchBytes: 1 << 20,
  /** Bytes taken over and not settled, beyond which senders wait. */
  heldBytes: 32 << 20,
} as const;

/**
 * Sends to one destination, coalescing: what arrives while batches are in flight goes together into the next one, and what is published
 * in one turn of the event loop shares a batch; there is no linger timer. Every item is settled by its deadline.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #inFlight = new Set<Batch>();
  readonly #roomWaiters: (() => void)[] = [];
  readonly #idleWaiters: (() => void)[] = [];
  #queue: Pending[] = [];
  #heldBytes = 0;
  #scheduled = false;
  #target: { readonly binder: Binder; readonly binding: ProducerBinding } | undefined;
  #opening = false;
  #timer: Timer | undefined;
  #nextExpiry = Infinity;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Whether so much is under way that senders should wait for {@link room}. */
  get congested(): boolean {
    return this.#heldBytes >= limits.heldBytes;
  }

  /** Resolves when there is room; `DEADLINE_EXCEEDED` when there is none in time. */
  room(expires: number): Promise<void> {
    if (!this.congested) return Promise.resolve();
    const { clock, destination } = this.#options;
    const ms = Math.max(0, expires - clock.monotonic());
    const operation = `waiting to publish to '${destination}'`;
    return withDeadline({ clock, ms, operation }, () => new Promise((resolve) => this.#roomWaiters.push(resolve)));
  }

  enqueue(item: Pending): void {
    this.#queue.push(item);
    this.#heldBytes += item.weight;
    if (item.expires < this.#nextExpiry) this.#arm(item.expires);
    this.#schedule();
  }

  /** Where messages go, once the destination is bound. */
  async place(): Promise<Place> {
    return this.#placeAt((this.#target ?? (await this.#open())).binding);
  }

  #placeAt({ partitions, placesKeys = false }: ProducerBinding): Place {
    return { destination: this.#options.destination, partitions, placesKeys };
  }

  /** Settles everything, then detaches. */
  async close(): Promise<void> {
    if (this.#queue.length > 0 || this.#inFlight.size > 0) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    this.#timer?.cancel();
    await this.#target?.binding.close();
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight.size >= limits.batchesInFlight) return;
    this.#scheduled = true;
    // After the microtasks that are due: callers resumed by the last batch publish their next event before this one is closed.
    queueMicrotask(() => process.nextTick(() => this.#flush()));
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#queue.length === 0) return this.#checkIdle();
    if (this.#target === undefined) return this.#openThenFlush();
    const batch = this.#take();
    if (batch.messages.length > 0) void this.#send(batch, this.#target);
    this.#afterRelease();
  }

  #openThenFlush(): void {
    if (this.#opening) return;
    this.#opening = true;
    void this.#open()
      .then(
        () => this.#schedule(),
        (error: MillraceError) => this.#failQueue(error),
      )
      .finally(() => (this.#opening = false));
  }

  async #open() {
    this.#target ??= await this.#options.open();
    return this.#target;
  }

  #failQueue(error: MillraceError): void {
    const items = this.#queue;
    this.#queue = [];
    for (const item of items) {
      this.#heldBytes -= item.weight;
      if (!item.settled) item.fail(error);
    }
    this.#afterRelease();
  }

  #take(): Batch {
    const place = this.#placeAt(this.#target!.binding);
    const length = this.#batchLength();
    const items: Pending[] = [];
    const counts: number[] = [];
    const messages: Draft[] = [];
    for (let i = 0; i < length; i++) {
      const item = this.#queue[i]!;
      const count = item.load(messages, place);
      if (count === 0) {
        this.#heldBytes -= item.weight;
        continue;
      }
      items.push(item);
      counts.push(count);
    }
    this.#queue = length === this.#queue.length ? [] : this.#queue.slice(length);
    return { items, counts, messages };
  }

  /** How many items make the next batch. */
  #batchLength(): number {
    let bytes = 0;
    let messages = 0;
    let items = 0;
    for (const { weight, count } of this.#queue) {
      bytes += weight;
      messages += count;
      if (items > 0 && (messages > limits.batchMessages || bytes > limits.batchBytes)) break;
      items++;
    }
    return items;
  }

  async #send(batch: Batch, { binder, binding }: { binder: Binder; binding: ProducerBinding }): Promise<void> {
    this.#inFlight.add(batch);
    try {
      const outcomes = await binding.send(batch.messages);
      this.#leave(batch);
      this.#settle(batch, outcomes);
    } catch (error) {
      this.#leave(batch);
      this.#fail(batch, binderError(binder, `publish to '${this.#options.destination}'`, error));
    }
    this.#afterRelease();
  }

  #settle(batch: Batch, outcomes: readonly SendOutcome[]): void {
    const failed = outcomes.reduce((sum, { error }) => (error === undefined ? sum : sum + 1), 0);
    this.#options.published.inc(outcomes.length - failed);
    if (failed > 0) this.#options.failed.inc(failed);
    let first = 0;
    batch.items.forEach((item, index) => {
      if (!item.settled) item.settle(outcomes, first);
      first += batch.counts[index]!;
    });
  }

  #fail(batch: Batch, error: MillraceError): void {
    this.#options.failed.inc(batch.messages.length);
    for (const item of batch.items) if (!item.settled) item.fail(error);
  }

  #leave(batch: Batch): void {
    if (!this.#inFlight.delete(batch)) return;
    for (const { weight } of batch.items) this.#heldBytes -= weight;
  }

  #afterRelease(): void {
    if (!this.congested) for (const resolve of this.#roomWaiters.splice(0)) resolve();
    if (this.#queue.length > 0) this.#schedule();
    else this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#queue.length === 0 && this.#inFlight.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #arm(expires: number): void {
    this.#timer?.cancel();
    this.#nextExpiry = expires;
    this.#timer = this.#options.clock.after(Math.max(0, expires - this.#options.clock.monotonic()), () => this.#expire());
  }

  /** Tells the senders of everything that is overdue, then waits for what is due next. */
  #expire(): void {
    const now = this.#options.clock.monotonic();
    this.#nextExpiry = Infinity;
    const { destination } = this.#options;
    const unsent = () => raise('PUBLISH_DEADLINE', { destination });
    const unknown = () => raise('PUBLISH_INDETERMINATE', { destination });
    let next = expireAll(this.#queue, now, unsent);
    for (const { items } of this.#inFlight) next = Math.min(next, expireAll(items, now, unknown));
    if (next < Infinity) this.#arm(next);
    this.#dropSettled();
  }

  #dropSettled(): void {
    for (const item of this.#queue) if (item.settled) this.#heldBytes -= item.weight;
    this.#queue = this.#queue.filter((item) => !item.settled);
    this.#afterRelease();
  }
}

/** Settles what is overdue; the time when the next one is. */
function expireAll(items: readonly Pending[], now: number, error: () => MillraceError): number {
  let next = Infinity;
  for (const item of items) {
    if (item.settled) continue;
    if (item.expires <= now) item.fail(error());
    else next = Math.min(next, item.expires);
  }
  return next;
}
