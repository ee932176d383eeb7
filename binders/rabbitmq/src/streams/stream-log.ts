import type { PartitionBounds, StartPosition } from '@millrace/messaging/binder';
import type { ConsumeMessage } from 'amqplib';
import type { Admin } from '../client/admin.ts';
import { within } from '../client/patience.ts';
import { raise } from '../errors.ts';
import { decode } from '../messages/decode.ts';
import type { Names } from '../topology/names.ts';
import { lastOffset } from './stream-end.ts';
import { offsetOf, StreamReader } from './stream-reader.ts';
import type { StreamPosition } from './stream-reader.ts';

/** What can be found out about the streams of destinations. */
export class StreamLog {
  readonly #admin: Admin;
  readonly #names: Names;
  /** Streams that were seen to hold messages: they never are empty again, since the server keeps the last segment. */
  readonly #filled = new Set<string>();

  constructor(admin: Admin, names: Names) {
    this.#admin = admin;
    this.#names = names;
  }

  async bounds(destination: string, partition: number): Promise<PartitionBounds> {
    const next = await this.end(destination, partition);
    if (next === 0) return { partition, earliest: 0, next: 0 };
    const first = await this.#messageAt(this.#names.stream(destination, partition), 'first');
    return { partition, earliest: offsetOf(first), next };
  }

  /** The offset behind the last message. */
  async end(destination: string, partition: number): Promise<number> {
    const { link, patienceMs } = this.#admin;
    const stream = this.#names.stream(destination, partition);
    const what = `look for the end of stream '${stream}'`;
    const last = await this.#admin.run(what, async () => lastOffset(link, stream, patienceMs, this.#filled.has(stream)));
    if (last !== undefined) this.#filled.add(stream);
    return last === undefined ? 0 : last + 1;
  }

  /** Forgets what is known of a destination's streams: they were deleted. */
  forget(streams: readonly string[]): void {
    for (const stream of streams) this.#filled.delete(stream);
  }

  async startOffset(destination: string, partition: number, start: StartPosition): Promise<number> {
    if (start === 'earliest') return 0;
    if (start === 'latest') return this.end(destination, partition);
    return 'offset' in start ? start.offset : this.offsetAt(destination, partition, start.time);
  }

  /** Looks for the time as in a sorted list: timestamps are the senders', and are taken to grow. */
  async offsetAt(destination: string, partition: number, time: number): Promise<number> {
    const { earliest, next } = await this.bounds(destination, partition);
    const stream = this.#names.stream(destination, partition);
    let [low, high] = [earliest, next];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const message = await this.#messageAt(stream, middle);
      if (decode(message).timestamp >= time) high = middle;
      else low = offsetOf(message) + 1;
    }
    return Math.min(low, next);
  }

  /** The first message from there on, which must exist. */
  #messageAt(stream: string, position: StreamPosition): Promise<ConsumeMessage> {
    const { link, patienceMs } = this.#admin;
    const what = `read stream '${stream}'`;
    return this.#admin.run(what, async () => {
      let take: ((message: ConsumeMessage) => void) | undefined;
      let end: ((problem: unknown) => void) | undefined;
      const coming = new Promise<ConsumeMessage>((resolve, reject) => {
        take = resolve;
        end = reject;
      });
      const events = {
        message: (message: ConsumeMessage) => take!(message),
        ended: (problem: unknown) => end!(problem ?? new Error('channel closed')),
      };
      const reader = await StreamReader.open(link, stream, position, 1, events, patienceMs);
      try {
        return await within(coming, patienceMs, () => raise('TOO_SLOW', { what, waitedMs: patienceMs }));
      } finally {
        coming.catch(() => undefined);
        await reader.close();
      }
    });
  }
}
