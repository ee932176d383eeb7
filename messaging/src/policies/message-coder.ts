import { headerNames, type Headers, type InboundMessage, type OutboundMessage } from '../binder/index.ts';
import type { Message, MessageOptions } from '../message.ts';
import { type Codec, type CodecRegistry, contentTypes, decodeWith, encodeWith, naturalContentType, unquote } from './codec.ts';
import { type Schema, validate } from './schema.ts';

/** A message being put together. */
export type Draft = { -readonly [Name in keyof OutboundMessage]: OutboundMessage[Name] };

/** How payloads of one destination are written and read. */
export interface Coding<T> {
  readonly schema?: Schema<T> | undefined;
  readonly codec?: Codec | undefined;
  readonly contentType?: string | undefined;
}

/** Turns payloads of one destination into messages and back: validation, codec, content type, id. */
export class MessageCoder<T> {
  readonly #destination: string;
  readonly #coding: Coding<T>;
  readonly #codecs: CodecRegistry;
  readonly #plainHeaders = new Map<string, Headers>();

  constructor(destination: string, coding: Coding<T>, codecs: CodecRegistry) {
    this.#destination = destination;
    this.#coding = coding;
    this.#codecs = codecs;
  }

  /** What the schema makes of a payload; a promise only where the schema is asynchronous. `null`, a tombstone, is not checked. */
  check(payload: unknown): T | Promise<T> {
    return payload === null ? (null as T) : validate(this.#coding.schema, payload, this.#destination);
  }

  /** Writes a checked payload. `extra` headers (trace, reply address) give way to the sender's own. */
  encode(payload: T, options?: MessageOptions, extra?: Headers): Draft {
    const contentType =
      options?.contentType ?? this.#coding.contentType ?? this.#coding.codec?.contentType ?? naturalContentType(payload);
    const headers = this.#headers(contentType, options, extra);
    const codec = this.#coding.codec ?? this.#codecs.find(contentType);
    const bytes = payload === null ? null : encodeWith(codec, payload, contentType, this.#destination);
    return { payload: bytes, headers, key: options?.key, partition: undefined, timestamp: options?.timestamp };
  }

  /** Reads a message that came in; `fallbackId` is its id if the sender gave none. */
  decode(inbound: InboundMessage, fallbackId: string): Message<T> | Promise<Message<T>> {
    const contentType = contentTypeOf(inbound.headers) ?? this.#coding.contentType ?? contentTypes.json;
    const checked = this.check(this.#payload(inbound.payload, contentType));
    if (checked instanceof Promise) return checked.then((payload) => message(payload, inbound, contentType, fallbackId));
    return message(checked, inbound, contentType, fallbackId);
  }

  #payload(bytes: Uint8Array | null, contentType: string): unknown {
    if (bytes === null) return null;
    return decodeWith(this.#coding.codec ?? this.#codecs.find(contentType), bytes, contentType, this.#destination);
  }

  #headers(contentType: string, options: MessageOptions | undefined, extra: Headers | undefined): Headers {
    if (options?.headers === undefined && options?.id === undefined && extra === undefined) return this.#plain(contentType);
    const id = options?.id === undefined ? {} : { [headerNames.id]: options.id };
    return { ...extra, ...options?.headers, ...id, [headerNames.contentType]: contentType };
  }

  #plain(contentType: string): Headers {
    const known = this.#plainHeaders.get(contentType);
    if (known !== undefined) return known;
    const headers = Object.freeze({ [headerNames.contentType]: contentType });
    this.#plainHeaders.set(contentType, headers);
    return headers;
  }
}

/** The content type that a message says it has. */
export function contentTypeOf(headers: Headers): string | undefined {
  const value = headers[headerNames.contentType];
  if (typeof value === 'string') return value.includes('"') ? unquote(value) : value;
  return value instanceof Uint8Array ? unquote(Buffer.from(value).toString()) : undefined;
}

/** A key as text; binary keys are read as UTF-8. */
export function keyText(key: string | Uint8Array | undefined): string | undefined {
  return key === undefined || typeof key === 'string' ? key : Buffer.from(key).toString();
}

function message<T>(payload: T, inbound: InboundMessage, contentType: string, fallbackId: string): Message<T> {
  const id = inbound.headers[headerNames.id];
  return {
    payload,
    headers: inbound.headers,
    key: keyText(inbound.key),
    id: typeof id === 'string' ? id : fallbackId,
    timestamp: inbound.timestamp,
    contentType,
  };
}
