import type { ConsumeMessage } from 'amqplib';
import type { LogMessage } from '@millrace/messaging/binder';
import type { Link } from '../client/link.ts';
import { raise } from '../errors.ts';
import { split } from '../messages/split.ts';
import { StreamReader } from './stream-reader.ts';

const prefetch = 512;

/** Reads a stream on and on from an offset, without a group. */
export class Cursor {
  readonly #reader: Promise<StreamReader>;
  readonly #partition: number;
  #buffer: { readonly raw: ConsumeMessage; readonly offset: number }[] = [];
  #next: number;
  #uncredited: ConsumeMessage | undefined;
  #wake: (() => void) | undefined;
  #problem: { readonly error: unknown } | undefined;

  constructor(link: Link, stream: string, partition: number, from: number, patienceMs: number) {
    this.#partition = partition;
    this.#next = from;
    this.#reader = StreamReader.open(
      link,
      stream,
      from,
      prefetch,
      {
        message: (raw, offset) => {
          this.#buffer.push({ raw, offset });
          this.#wake?.();
        },
        ended: (error) => {
          this.#problem = { error: error ?? new Error('channel closed') };
          this.#wake?.();
        },
      },
      patienceMs,
    );
    // Told to whoever reads.
    this.#reader.catch(() => undefined);
  }

  /** The offset of the next message to read. */
  get next(): number {
    return this.#next;
  }

  /** Waits for a message until `isDue` settles; returns whether there is one. */
  async arrived(until: Promise<unknown>): Promise<boolean> {
    const reader = await this.#reader;
    if (this.#buffer.length === 0) await reader.fence().catch(() => undefined);
    if (this.#buffer.length === 0 && this.#problem === undefined) {
      const coming = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([coming, until]);
      this.#wake = undefined;
    }
    if (this.#problem !== undefined && this.#buffer.length === 0) throw this.#problem.error;
    return this.#buffer.length > 0;
  }

  /** What is here, up to about so many bytes, at least one message if there is one; asks for more until the server has none. */
  async take(maxBytes: number): Promise<readonly LogMessage[]> {
    const reader = await this.#reader;
    const out: LogMessage[] = [];
    for (let bytes = 0; out.length === 0 || bytes < maxBytes;) {
      if (this.#buffer.length === 0) {
        this.#credit(reader);
        await reader.fence().catch(() => undefined);
      }
      const each = this.#buffer.shift();
      if (each === undefined) break;
      this.#uncredited = each.raw;
      this.#next = each.offset + 1;
      bytes += each.raw.content.length;
      for (const part of split(each.raw, {})) out.push(messageOf(part, this.#partition, each.offset));
    }
    this.#credit(reader);
    return out;
  }

  #credit(reader: StreamReader): void {
    if (this.#uncredited !== undefined) reader.credit(this.#uncredited);
    this.#uncredited = undefined;
  }

  async close(): Promise<void> {
    const reader = await this.#reader.catch(() => undefined);
    await reader?.close();
    this.#problem ??= { error: raise('CANCELLED', {}) };
    this.#wake?.();
  }
}

function messageOf(part: Omit<LogMessage, 'partition' | 'offset'>, partition: number, offset: number): LogMessage {
  return { payload: part.payload, headers: part.headers, key: part.key, timestamp: part.timestamp, partition, offset };
}
