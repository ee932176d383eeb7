import type { Delivery } from '@millrace/messaging/binder';
import type { Timer } from '@millrace/core';
import type { FetchedPartition } from '../client/fetch.ts';
import { RecordCursor } from '../records/batch-reader.ts';
import type { RecordPlace, StoredBatch } from '../records/batch-reader.ts';
import { RecordView } from '../records/record-view.ts';

/** A message handed out by a consumer, and the window that it came through. */
export class LogDelivery extends RecordView implements Delivery {
  readonly window: PartitionWindow;
  redeliveries = 0;

  constructor(window: PartitionWindow, batch: StoredBatch, place: RecordPlace) {
    super(window.partition, batch, place);
    this.window = window;
  }
}

/** What a consumer has of one partition while it is assigned: read ahead, handed out, acknowledged. */
export class PartitionWindow {
  readonly partition: number;
  state: 'active' | 'revoking' | 'gone' = 'active';
  paused = false;
  /** Runs while released messages wait for their delay. */
  delay: Timer | undefined;
  #chunks: RecordCursor[] = [];
  #buffered = 0;
  /** The next offset to read from the broker. */
  #fetch: number;
  /** The next offset to hand out. */
  #next: number;
  /** How often messages were handed out before, for those that came back. */
  readonly #times = new Map<number, number>();
  /** Offsets handed out and not acknowledged, increasing. */
  #open: number[] = [];

  constructor(partition: number, from: number) {
    this.partition = partition;
    this.#fetch = from;
    this.#next = from;
  }

  get fetch(): number {
    return this.#fetch;
  }

  /** The first offset that is not acknowledged. */
  get position(): number {
    return this.#open[0] ?? (this.#chunks.length === 0 ? this.#fetch : this.#next);
  }

  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** Handed out and not acknowledged. */
  get inFlight(): number {
    return this.#open.length;
  }

  get isReady(): boolean {
    return this.wantsMore && this.#chunks.length > 0;
  }

  /** Whether it may be read and handed out now. */
  get wantsMore(): boolean {
    return this.state === 'active' && !this.paused && this.delay === undefined;
  }

  /** Takes what was read from `from`; what was read from elsewhere is of an earlier attempt. */
  add(from: number, { batches, next }: FetchedPartition): void {
    if (this.state !== 'active' || from !== this.#fetch) return;
    for (const batch of batches) {
      this.#chunks.push(new RecordCursor(batch));
      this.#buffered += batch.records.length;
    }
    this.#fetch = next;
  }

  /** Hands out up to `max` messages. */
  take(max: number, out: LogDelivery[]): void {
    for (let left = max; left > 0 && this.#chunks.length > 0;) {
      const cursor = this.#chunks[0]!;
      if (cursor.isAtEnd) {
        this.#chunks.shift();
        this.#buffered -= cursor.remaining;
        continue;
      }
      const before = cursor.remaining;
      const place = cursor.next();
      this.#buffered -= before - cursor.remaining;
      if (place.offset < this.#next) continue;
      out.push(this.#handOut(new LogDelivery(this, cursor.batch, place)));
      left--;
    }
    while (this.#chunks[0]?.isAtEnd === true) this.#chunks.shift();
  }

  #handOut(delivery: LogDelivery): LogDelivery {
    const { offset } = delivery;
    delivery.redeliveries = this.#times.get(offset) ?? 0;
    this.#next = offset + 1;
    this.#open.push(offset);
    return delivery;
  }

  /** Everything up to `offset` is done; returns the position to be committed. */
  acknowledged(offset: number): number {
    const open = this.#open;
    let done = 0;
    while (done < open.length && open[done]! <= offset) this.#times.delete(open[done++]!);
    this.#open = open.slice(done);
    // Behind the last message there may be markers of transactions, which nobody has to read again.
    return this.#open.length === 0 && this.#chunks.length === 0 && offset + 1 === this.#next ? this.#fetch : offset + 1;
  }

  /** Goes back to `offset`, so that it is handed out again. */
  rewind(offset: number): void {
    for (const open of this.#open) if (open >= offset) this.#times.set(open, (this.#times.get(open) ?? 0) + 1);
    this.#jump(offset);
    this.#open = this.#open.filter((open) => open < offset);
  }

  /** Goes on at `offset`: what was to be read before it is gone from the log. */
  skipTo(offset: number): void {
    if (this.#chunks.length === 0) this.#jump(offset);
  }

  #jump(offset: number): void {
    this.#chunks = [];
    this.#buffered = 0;
    this.#fetch = offset;
    this.#next = offset;
  }

  end(): void {
    this.state = 'gone';
    this.#chunks = [];
    this.#buffered = 0;
    this.#open = [];
    this.delay?.cancel();
  }
}
