import type { Delivery, Headers } from '@millrace/messaging/binder';
import type { Timer } from '@millrace/core';
import { RecordSource } from '../records/record-source.ts';
import { RecordView } from '../records/records.ts';
import type { Assignment, StoredPartitionMeta } from '../wire/protocol.ts';

/** A message handed out by a consumer, and the window that it came through. */
export class LogDelivery extends RecordView implements Delivery {
  readonly window: PartitionWindow;
  redeliveries = 0;
  #headers: Headers | undefined;

  constructor(input: RecordSource, base: number, first: number, window: PartitionWindow) {
    super(input, base, first);
    this.window = window;
  }

  get partition(): number {
    return this.window.partition;
  }

  override get headers(): Headers {
    this.#headers ??= super.headers;
    return this.#headers;
  }
}

interface Chunk {
  readonly input: RecordSource;
  readonly base: number;
  readonly first: number;
}

/** What a consumer has of one partition while it is assigned: read ahead, handed out, acknowledged. */
export class PartitionWindow {
  readonly partition: number;
  /** Changes when the partition is assigned anew after a lost connection; deliveries stay ours. */
  epoch: number;
  state: 'active' | 'revoking' | 'gone' = 'active';
  paused = false;
  /** Runs while released messages wait for their delay. */
  delay: Timer | undefined;
  #chunks: Chunk[] = [];
  #buffered = 0;
  /** The next offset to read from the broker. */
  #fetch: number;
  /** The next offset to hand out. */
  #next: number;
  /** Offsets below were handed out before, here or elsewhere. */
  #seen: number;
  /** How often, for those that came back. */
  readonly #times = new Map<number, number>();
  /** Offsets handed out and not acknowledged, increasing. */
  #open: number[] = [];

  constructor({ partition, epoch, from, delivered }: Assignment) {
    this.partition = partition;
    this.epoch = epoch;
    this.#fetch = from;
    this.#next = from;
    this.#seen = delivered;
  }

  get fetch(): number {
    return this.#fetch;
  }

  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** Handed out and not acknowledged. */
  get inFlight(): number {
    return this.#open.length;
  }

  /** The first offset that was never handed out. */
  get delivered(): number {
    return this.#next;
  }

  get isReady(): boolean {
    return this.state === 'active' && !this.paused && this.delay === undefined && this.#chunks.length > 0;
  }

  get wantsMore(): boolean {
    return this.state === 'active' && !this.paused && this.delay === undefined;
  }

  /** Takes what was read; what does not continue it is of an earlier attempt. */
  add({ base, first, count, length }: StoredPartitionMeta, body: Uint8Array, at: number): void {
    if (this.state !== 'active' || base + count <= this.#fetch) return;
    this.#chunks.push({ input: new RecordSource(body, at, at + length), base, first });
    this.#buffered += length;
    this.#fetch = base + count;
  }

  /** Hands out up to `max` messages. */
  take(max: number, out: LogDelivery[]): void {
    for (let left = max; left > 0 && this.#chunks.length > 0;) {
      const { input, base, first } = this.#chunks[0]!;
      const before = input.position;
      const delivery = new LogDelivery(input, base, first, this);
      this.#buffered -= input.position - before;
      if (input.position >= input.end) this.#chunks.shift();
      if (delivery.offset < this.#next) continue;
      this.#handOut(delivery);
      out.push(delivery);
      left--;
    }
  }

  #handOut(delivery: LogDelivery): void {
    const { offset } = delivery;
    if (offset < this.#seen) {
      delivery.redeliveries = this.#times.get(offset) ?? 1;
      this.#times.set(offset, delivery.redeliveries + 1);
    }
    this.#next = offset + 1;
    this.#open.push(offset);
  }

  /** Everything below `offset` is done. */
  acknowledged(offset: number): void {
    const open = this.#open;
    let done = 0;
    while (done < open.length && open[done]! < offset) this.#times.delete(open[done++]!);
    this.#open = open.slice(done);
  }

  /** Goes back to `offset`, so that it is handed out again. */
  rewind(offset: number): void {
    this.#seen = Math.max(this.#seen, this.#next);
    this.#chunks = [];
    this.#buffered = 0;
    this.#fetch = offset;
    this.#next = offset;
    this.#open = this.#open.filter((open) => open < offset);
  }

  end(): void {
    this.state = 'gone';
    this.#chunks = [];
    this.#buffered = 0;
    this.#open = [];
    this.delay?.cancel();
  }
}
