import type { Headers, InboundMessage, LogMessage } from '../binder/index.ts';
import type { LogEvent } from '../client.ts';
import { keyText, senderId } from '../policies/message-coder.ts';

/** An event of a log with its place there. */
export class ReadEvent<T> implements LogEvent<T> {
  readonly payload: T;
  readonly headers: Headers;
  readonly key: string | undefined;
  readonly timestamp: number;
  readonly contentType: string;
  readonly partition: number;
  readonly offset: number;
  readonly #destination: string;

  constructor(destination: string, payload: T, from: InboundMessage, contentType: string, { partition, offset }: LogMessage) {
    this.payload = payload;
    this.headers = from.headers;
    this.key = keyText(from.key);
    this.timestamp = from.timestamp;
    this.contentType = contentType;
    this.partition = partition;
    this.offset = offset;
    this.#destination = destination;
  }

  /** Put together when asked for, which costs as much as reading the event. */
  get id(): string {
    return senderId(this.headers, this.#destination) ?? `${this.#destination}/${this.partition}/${this.offset}`;
  }
}
