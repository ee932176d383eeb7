import { messageOf, MillraceError, recode } from '@millrace/core';
import type { LogMessage } from '../binder/index.ts';
import type { LogEvent } from '../client.ts';
import { raise } from '../errors.ts';
import type { Make, MessageCoder } from '../policies/message-coder.ts';
import { ReadEvent } from './read-event.ts';

/** Decodes what the log holds of one destination. */
export class LogDecoder<T> {
  readonly #coder: MessageCoder<T>;
  readonly #destination: string;
  readonly #make: Make<T, LogMessage, LogEvent<T>>;

  constructor(coder: MessageCoder<T>, destination: string) {
    this.#coder = coder;
    this.#destination = destination;
    this.#make = (payload, from, contentType, message) => new ReadEvent(destination, payload, from, contentType, message);
  }

  all(messages: readonly LogMessage[]): readonly LogEvent<T>[] | Promise<readonly LogEvent<T>[]> {
    const events: (LogEvent<T> | Promise<LogEvent<T>>)[] = [];
    let pending = false;
    for (const message of messages) {
      const event = this.#one(message);
      events.push(event);
      pending ||= event instanceof Promise;
    }
    return pending ? Promise.all(events.map((event) => Promise.resolve(event))) : (events as LogEvent<T>[]);
  }

  #one(message: LogMessage): LogEvent<T> | Promise<LogEvent<T>> {
    try {
      const event = this.#coder.open(message, this.#make);
      return event instanceof Promise ? event.catch((error: unknown) => Promise.reject(this.#unreadable(message, error))) : event;
    } catch (error) {
      throw this.#unreadable(message, error);
    }
  }

  #unreadable({ partition, offset }: LogMessage, error: unknown): MillraceError {
    const details = { destination: this.#destination, partition, offset, problem: messageOf(error) };
    const wrapped = raise('EVENT_UNREADABLE', details, error);
    return error instanceof MillraceError ? recode(wrapped, error.code) : wrapped;
  }
}
