import { systemClock, type Clock } from '@millrace/core';
import { headerNames, type Headers, type InboundMessage } from '../binder/index.ts';
import type { Message, MessageOptions } from '../message.ts';
import { type Codec, type CodecRegistry, contentTypes, decodeWith, encodeWith, naturalContentType, unquote } from './codec.ts';
import { type CloudEventOptions, cloudEventId, fromStructured, isStructured, toCloudEvent } from './cloud-events.ts';
import type { Draft } from './draft.ts';
import { type Schema, validate } from './schema.ts';

type Written = InboundMessage & { readonly payload: Uint8Array };

/** How payloads of one destination are written and read. */
export interface Coding<T> {
  readonly schema?: Schema<T> | undefined;
  readonly codec?: Codec | undefined;
  readonly contentType?: string | undefined;
  readonly cloudEvents?: CloudEventOptions | undefined;
}

/** Who sends, for the source and time of CloudEvents. */
export interface Sender {
  readonly name: string;
  readonly clock: Clock;
}

const anonymous: Sender = { name: 'millrace', clock: systemClock };

/** Turns payloads of one destination into messages and back: validation, codec, content type, id. */
export class MessageCoder<T> {
  readonly #destination: string;
  readonly #coding: Coding<T>;
  readonly #codecs: CodecRegistry;
  readonly #sender: Sender;
  readonly #plainHeaders = new Map<string, Headers>();

  constructor(destination: string, coding: Coding<T>, codecs: CodecRegistry, sender: Sender = anonymous) {
    this.#destination = destination;
    this.#coding = coding;
    this.#codecs = codecs;
    this.#sender = sender;
  }

  /** What the schema makes of a payload; a promise only where the schema is asynchronous. `null`, a tombstone, is not checked. */
  check(payload: unknown): T | Promise<T> {
    return payload === null ? (null as T) : validate(this.#coding.schema, payload, this.#destination);
  }

  /** {@link check} for each of them. */
  checkAll(payloads: readonly unknown[]): readonly T[] | Promise<readonly T[]> {
    if (this.#coding.schema === undefined) return [...payloads] as T[];
    const checks = payloads.map((payload) => this.check(payload));
    // Waiting for what is there already costs more than all the rest.
    return checks.some((check) => check instanceof Promise) ? Promise.all(checks) : (checks as T[]);
  }

  /** Writes a checked payload. `extra` headers (trace, reply address) win over the sender's own. */
  encode(payload: T, options?: MessageOptions, extra?: Headers): Draft {
    const contentType =
      options?.contentType ?? this.#coding.contentType ?? this.#coding.codec?.contentType ?? naturalContentType(payload);
    const headers = this.#headers(contentType, options, extra);
    const codec = this.#coding.codec ?? this.#codecs.find(contentType);
    const bytes = payload === null ? null : encodeWith(codec, payload, contentType, this.#destination);
    const draft = { payload: bytes, headers, key: options?.key, partition: undefined, timestamp: options?.timestamp };
    const { cloudEvents } = this.#coding;
    if (cloudEvents === undefined) return draft;
    return toCloudEvent(draft, payload, cloudEvents, { name: this.#sender.name, now: this.#sender.clock.now() });
  }

  /** Reads a message that came in; `fallbackId` is its id if the sender gave none. */
  decode(inbound: InboundMessage, fallbackId: string): Message<T> | Promise<Message<T>> {
    const contentType = contentTypeOf(inbound.headers) ?? this.#coding.contentType ?? contentTypes.json;
    if (inbound.payload !== null && isStructured(contentType)) return this.#decodeStructured(inbound as Written, fallbackId);
    const checked = this.check(this.#payload(inbound.payload, contentType));
    if (checked instanceof Promise) return checked.then((payload) => message(payload, inbound, contentType, fallbackId));
    return message(checked, inbound, contentType, fallbackId);
  }

  #decodeStructured(inbound: Written, fallbackId: string): Message<T> | Promise<Message<T>> {
    const find = (type: string) => this.#coding.codec ?? this.#codecs.find(type);
    const event = fromStructured(inbound, this.#destination, find);
    const checked = this.check(event.payload ?? null);
    if (checked instanceof Promise)
      return checked.then((payload) => message(payload, event.message, event.contentType, fallbackId));
    return message(checked, event.message, event.contentType, fallbackId);
  }

  #payload(bytes: Uint8Array | null, contentType: string): unknown {
    if (bytes === null) return null;
    return decodeWith(this.#coding.codec ?? this.#codecs.find(contentType), bytes, contentType, this.#destination);
  }

  #headers(contentType: string, options: MessageOptions | undefined, extra: Headers | undefined): Headers {
    if (options?.headers === undefined && options?.id === undefined && extra === undefined) return this.#plain(contentType);
    const id = options?.id === undefined ? {} : { [headerNames.id]: options.id };
    return { ...options?.headers, ...extra, ...id, [headerNames.contentType]: contentType };
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
  const id = inbound.headers[headerNames.id] ?? cloudEventId(inbound.headers);
  return {
    payload,
    headers: inbound.headers,
    key: keyText(inbound.key),
    id: typeof id === 'string' ? id : fallbackId,
    timestamp: inbound.timestamp,
    contentType,
  };
}
