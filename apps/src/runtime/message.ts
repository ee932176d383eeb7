import { notJson, withExactNumbers } from '@millrace/expressions';
import type { Headers, HeaderValue } from '@millrace/messaging/binder';
import { isTextual } from '@millrace/messaging/policies';
import { randomUUID } from 'node:crypto';

/** What may be said about a payload besides its content. */
export interface MessageParts {
  readonly headers?: Headers | undefined;
  readonly key?: string | undefined;
  readonly id?: string | undefined;
  readonly timestamp?: number | undefined;
  readonly contentType?: string | undefined;
}

const unread = Symbol('unread');

/**
 * A message inside an app or a pipeline: immutable content, handed from neighbour to neighbour without a copy. A value that one app
 * emits arrives as that value in the same process, and as JSON text after a broker: {@link AppMessage.json} gives the value, and
 * {@link AppMessage.text} the text, in both cases. JSON is parsed once, when first asked for, and shared by all who read it.
 */
export class AppMessage<T = unknown> {
  readonly payload: T;
  readonly headers: Headers;
  readonly key: string | undefined;
  readonly timestamp: number;
  readonly contentType: string;
  #id: string | undefined;
  #json: unknown = unread;
  #exact: unknown = unread;

  constructor(payload: T, parts: MessageParts, now: number) {
    this.payload = payload;
    this.headers = parts.headers ?? noHeaders;
    this.key = parts.key;
    this.timestamp = parts.timestamp ?? now;
    this.contentType = parts.contentType ?? contentTypeOf(payload);
    this.#id = parts.id;
  }

  /** Unique; made up when first asked for, unless the sender gave one. */
  get id(): string {
    return (this.#id ??= randomUUID());
  }

  /** The id that the sender gave, if any. */
  get givenId(): string | undefined {
    return this.#id;
  }

  /** The payload as text: as it is, decoded from UTF-8 bytes, or printed as JSON. */
  text(): string {
    return textOf(this.payload);
  }

  /** The payload as a value: parsed if it is JSON text or bytes; `undefined` if it is not JSON. Do not change what this returns. */
  json(): unknown {
    if (this.#json === unread) this.#json = parsePayload(this.payload);
    return this.#json;
  }

  /**
   * The payload as expressions read it: as {@link AppMessage.json}, but `5.0` stays apart from `5` and whole numbers stay exact, and
   * the mark `notJson` stands for what is none. Text is parsed once for both.
   */
  exactJson(): unknown {
    if (this.#exact === unread) this.#exact = typeof this.payload === 'string' ? this.#exactText(this.payload) : this.json();
    return this.#exact;
  }

  #exactText(text: string): unknown {
    const parsed = this.json();
    return parsed === undefined ? notJson : withExactNumbers(text, parsed);
  }

  /** A copy with some parts changed. A new payload gets its own content type unless it is text in the place of text. */
  with<P = T>(change: MessageParts & { readonly payload?: P }): AppMessage<P> {
    const payload = ('payload' in change ? change.payload : this.payload) as P;
    return new AppMessage(
      payload,
      {
        headers: change.headers ?? this.headers,
        key: change.key ?? this.key,
        id: change.id,
        contentType:
          change.contentType ?? (payload === (this.payload as unknown) ? this.contentType : nextContentType(this, payload)),
      },
      change.timestamp ?? this.timestamp,
    );
  }
}

const noHeaders: Headers = Object.freeze({});
const decoder = new TextDecoder();

/**
 * A message to emit or to answer with, where a bare payload is not enough. `now` is its timestamp if none is given.
 * Without a content type, text is `text/plain`, bytes are `application/octet-stream` and everything else is `application/json`.
 */
export function message<T>(payload: T, parts: MessageParts = {}, now: number = Date.now()): AppMessage<T> {
  return new AppMessage(payload, parts, now);
}

/** The payload as text: as it is, decoded from UTF-8 bytes, or printed as JSON. */
export function textOf(payload: unknown): string {
  if (typeof payload === 'string') return payload;
  if (payload instanceof Uint8Array) return decoder.decode(payload);
  return JSON.stringify(payload) ?? 'null';
}

/** A copy of headers with more of them. */
export function withHeaders(headers: Headers, more: Readonly<Record<string, HeaderValue>>): Headers {
  return { ...headers, ...more };
}

function contentTypeOf(payload: unknown): string {
  if (typeof payload === 'string') return 'text/plain';
  return payload instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
}

function nextContentType(previous: AppMessage, payload: unknown): string {
  return typeof payload === 'string' && isTextual(previous.contentType) ? previous.contentType : contentTypeOf(payload);
}

function parsePayload(payload: unknown): unknown {
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) return payload;
  try {
    return JSON.parse(textOf(payload));
  } catch {
    return undefined; // Not JSON: that is an answer here, not a failure.
  }
}
