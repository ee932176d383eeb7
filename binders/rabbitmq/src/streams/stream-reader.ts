import type { Channel, ConsumeMessage } from 'amqplib';
import { closeChannel, openChannel } from '../client/admin.ts';
import type { Link } from '../client/link.ts';

/** Where a stream is read from, in RabbitMQ's terms. Numbers are exact; the others begin with a chunk of messages. */
export type StreamPosition = 'first' | 'last' | 'next' | number;

/** What a reader tells its owner. */
export interface StreamEvents {
  message(message: ConsumeMessage, offset: number): void;
  /** Nothing more comes: the connection, the channel or the stream is gone. Not called after `close`. */
  ended(problem: unknown): void;
}

/** Messages of a stream in order, on a channel of its own. Each that is credited lets the server send one more. */
export class StreamReader {
  readonly #channel: Channel;
  readonly #prefetch: number;
  readonly #events: StreamEvents;
  #tag: string | undefined;
  #problem: unknown;
  #isOver = false;

  private constructor(channel: Channel, prefetch: number, events: StreamEvents) {
    this.#channel = channel;
    this.#prefetch = prefetch;
    this.#events = events;
    channel.on('error', (error) => (this.#problem = error));
    channel.once('close', () => this.#end());
  }

  /** Begins to read. Rejects with the client library's error where the server refuses. */
  static async open(
    link: Link,
    stream: string,
    from: StreamPosition,
    prefetch: number,
    events: StreamEvents,
    patienceMs: number,
  ): Promise<StreamReader> {
    const channel = await openChannel(link, patienceMs);
    const reader = new StreamReader(channel, prefetch, events);
    try {
      await channel.prefetch(prefetch);
      const offset = typeof from === 'number' ? { '!': 'long', value: Math.max(0, from) } : from;
      const { consumerTag } = await channel.consume(stream, (message) => reader.#take(message), {
        arguments: { 'x-stream-offset': offset },
      });
      reader.#tag = consumerTag;
      return reader;
    } catch (error) {
      reader.#isOver = true;
      await closeChannel(channel);
      throw error;
    }
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Lets the server send as many more as were taken up to this message. */
  credit(message: ConsumeMessage): void {
    if (this.#isOver) return;
    try {
      this.#channel.ack(message, true);
    } catch {
      this.#end();
    }
  }

  /** Resolves when everything that the server could send when it was asked is here: answers come behind messages. */
  async fence(): Promise<void> {
    await this.#channel.prefetch(this.#prefetch);
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      if (this.#tag !== undefined) await this.#channel.cancel(this.#tag);
    } catch {
      // The channel ended meanwhile, and its consumer with it.
    }
    await closeChannel(this.#channel);
  }

  #take(message: ConsumeMessage | null): void {
    if (this.#isOver) return;
    if (message === null) return this.#end();
    this.#events.message(message, offsetOf(message));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void closeChannel(this.#channel);
    this.#events.ended(this.#problem);
  }
}

/** Where a message lies in its stream. */
export function offsetOf({ properties }: ConsumeMessage): number {
  return Number((properties.headers as Record<string, unknown>)['x-stream-offset']);
}
