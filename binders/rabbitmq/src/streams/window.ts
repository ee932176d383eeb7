import type { ConsumeMessage } from 'amqplib';
import type { Delivery, HeaderValue, InboundMessage } from '@millrace/messaging/binder';
import { split } from '../messages/split.ts';

/** A message of a stream as it is handed out. */
export class StreamDelivery implements Delivery {
  readonly payload: Uint8Array | null;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly key: string | Uint8Array | undefined;
  readonly timestamp: number;
  readonly partition: number;
  readonly offset: number;
  readonly redeliveries: number;
  readonly window: StreamWindow;
  /** Its place among what the window ever held. */
  readonly sequence: number;
  /** It was given back, or the group was moved: it is handed out anew, and its acknowledgement counts no more. */
  isStale = false;

  constructor(window: StreamWindow, { message, offset, sequence, redeliveries }: Entry) {
    this.payload = message.payload;
    this.headers = message.headers;
    this.key = message.key;
    this.timestamp = message.timestamp;
    this.partition = window.partition;
    this.offset = offset;
    this.redeliveries = redeliveries;
    this.window = window;
    this.sequence = sequence;
  }
}

interface Entry {
  readonly message: InboundMessage;
  readonly offset: number;
  readonly sequence: number;
  /** Spring may have put several messages into one of the stream. */
  readonly isLastPart: boolean;
  redeliveries: number;
  delivery: StreamDelivery | undefined;
}

/** Bytes and messages that are read ahead of what was acknowledged. */
const mostBytes = 8 << 20;

/** One partition of one consumer: what was read and not acknowledged, in order, and how much of it is handed out. */
export class StreamWindow {
  readonly partition: number;
  state: 'active' | 'revoking' | 'gone' = 'active';
  /** Handing out waits until then (monotonic milliseconds). */
  notBefore = 0;
  timer: NodeJS.Timeout | undefined;
  #entries: Entry[] = [];
  #firstSequence = 0;
  #held = 0;
  #bytes = 0;
  #position: number;
  #readOn: number;

  constructor(partition: number, position: number) {
    this.partition = partition;
    this.#position = position;
    this.#readOn = position;
  }

  /** The first offset that is not acknowledged. */
  get position(): number {
    return this.#position;
  }

  /** The offset to read on from. */
  get readOn(): number {
    return this.#readOn;
  }

  /** Messages handed out and not acknowledged. */
  get held(): number {
    return this.#held;
  }

  hasRoom(mostMessages: number): boolean {
    return this.#bytes < mostBytes && this.#entries.length < mostMessages;
  }

  /** Takes a message that was read. One that was read before, on another connection, is left aside. */
  add(raw: ConsumeMessage, offset: number): void {
    if (offset < this.#readOn) return;
    this.#readOn = offset + 1;
    const parts = split(raw, {});
    parts.forEach((message, index) => {
      const sequence = this.#firstSequence + this.#entries.length;
      this.#entries.push({
        message,
        offset,
        sequence,
        isLastPart: index === parts.length - 1,
        redeliveries: 0,
        delivery: undefined,
      });
      this.#bytes += message.payload?.length ?? 0;
    });
  }

  take(max: number, now: number): StreamDelivery[] {
    if (this.state !== 'active' || this.notBefore > now) return [];
    const out = this.#entries
      .slice(this.#held, this.#held + max)
      .map((entry) => (entry.delivery = new StreamDelivery(this, entry)));
    this.#held += out.length;
    return out;
  }

  /** Ends everything up to this delivery; returns whether the position moved. */
  acknowledge(delivery: StreamDelivery): boolean {
    const index = this.#indexOf(delivery);
    if (index < 0) return false;
    const ended = this.#entries.splice(0, index + 1);
    this.#firstSequence += ended.length;
    this.#held = Math.max(0, this.#held - ended.length);
    for (const { message } of ended) this.#bytes -= message.payload?.length ?? 0;
    const last = ended.at(-1)!;
    const before = this.#position;
    this.#position = last.isLastPart ? last.offset + 1 : last.offset;
    return this.#position > before;
  }

  /** Goes back to this delivery: it and what was handed out after it comes again. */
  rewind(delivery: StreamDelivery): boolean {
    const index = this.#indexOf(delivery);
    if (index < 0) return false;
    for (const entry of this.#entries.slice(index, this.#held)) {
      entry.redeliveries++;
      if (entry.delivery !== undefined) entry.delivery.isStale = true;
    }
    this.#held = index;
    return true;
  }

  /** Goes on at another offset; nothing that was read or handed out counts any more. */
  moveTo(offset: number): void {
    for (const { delivery } of this.#entries) if (delivery !== undefined) delivery.isStale = true;
    this.#firstSequence += this.#entries.length;
    this.#entries = [];
    this.#held = 0;
    this.#bytes = 0;
    this.#position = offset;
    this.#readOn = offset;
    this.notBefore = 0;
  }

  #indexOf(delivery: StreamDelivery): number {
    if (delivery.isStale || this.state === 'gone') return -1;
    return delivery.sequence - this.#firstSequence;
  }
}
