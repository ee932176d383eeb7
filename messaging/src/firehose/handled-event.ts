import type { Headers } from '../binder/index.ts';
import type { EventContext } from '../client.ts';
import type { Message } from '../message.ts';
import type { Tracked } from './partition-state.ts';
import type { Session } from './session.ts';

/** What a handler is told; it also knows, invisibly, which delivery it stands for. */
export class HandledEvent implements EventContext {
  readonly payload: unknown;
  readonly headers: Headers;
  readonly key: string | undefined;
  readonly id: string;
  readonly timestamp: number;
  readonly contentType: string;
  readonly destination: string;
  readonly group: string;
  readonly partition: number;
  readonly offset: number;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly #tracked: Tracked;
  readonly #session: Session;

  constructor(message: Message, tracked: Tracked, session: Session, destination: string, group: string) {
    this.payload = message.payload;
    this.headers = message.headers;
    this.key = message.key;
    this.id = message.id;
    this.timestamp = message.timestamp;
    this.contentType = message.contentType;
    this.destination = destination;
    this.group = group;
    this.partition = tracked.delivery.partition;
    this.offset = tracked.delivery.offset;
    this.attempt = tracked.attempt;
    this.signal = tracked.partition.signal;
    this.#tracked = tracked;
    this.#session = session;
  }

  /** The delivery behind a context; `undefined` for anything that no handler of this process was given. */
  static origin(context: EventContext): { readonly tracked: Tracked; readonly session: Session } | undefined {
    return #tracked in context ? { tracked: context.#tracked, session: context.#session } : undefined;
  }
}
