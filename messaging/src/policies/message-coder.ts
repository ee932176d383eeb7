import { systemClock, type Clock } from '@millrace/core';
import { headerNames, type Headers, type InboundMessage } from '../binder/index.ts';
import type { Message, MessageOptions } from '../message.ts';
import { type Codec, type CodecRegistry, contentTypes, decodeWith, encodeWith, naturalContentType, unquote } from './codec.ts';
import { type CloudEventOptions, cloudEventId, fromStructured, isStructured, toCloudEvent } from './cloud-events.ts';
import type { Draft } from './draft.ts';
import { wasRedrivenElsewhere } from './redrive-headers.ts';
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

/** What is made of a message: its payload, what it says (a structured CloudEvent taken apart), its content type, and as it came. */
export type Make<T, M, R> = (payload: T, from: InboundMessage, contentType: string, inbound: M) => R;

interface Form {
  readonly contentType: string;
  readonly codec: Codec;
  readonly structured: boolean;
}

const anonymous: Sender = { name: 'millrace', clock: systemClock };

/** Turns payloads of one destination into messages and back: validation, codec, content type, id. */
export class MessageCoder<T> {
  readonly #destination: string;
  readonly #coding: Coding<T>;
  readonly #codecs: CodecRegistry;
  readonly #sender: Sender;
  readonly #plainHeaders = new Map<string, Headers>();
  #lastHeaders: Headers | undefined;
  #lastForm: Form | undefined;

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
    return this.open(inbound, (payload, from, contentType) =>
      message(payload, from, contentType, senderId(from.headers, this.#destination) ?? fallbackId),
    );
  }

  /** Reads a message that came in and gives what `make` makes of it. */
  open<M extends InboundMessage, R>(inbound: M, make: Make<T, M, R>): R | Promise<R> {
    const { contentType, codec, structured } = this.#formOf(inbound.headers);
    if (structured && inbound.payload !== null) return this.#openStructured(inbound as M & Written, make);
    const bytes = inbound.payload;
    const checked = this.check(bytes === null ? null : decodeWith(codec, bytes, contentType, this.#destination));
    if (checked instanceof Promise) return checked.then((payload) => make(payload, inbound, contentType, inbound));
    return make(checked, inbound, contentType, inbound);
  }

  #openStructured<M extends InboundMessage & Written, R>(inbound: M, make: Make<T, M, R>): R | Promise<R> {
    const find = (type: string) => this.#coding.codec ?? this.#codecs.find(type);
    const event = fromStructured(inbound, this.#destination, find);
    const checked = this.check(event.payload ?? null);
    if (checked instanceof Promise) return checked.then((payload) => make(payload, event.message, event.contentType, inbound));
    return make(checked, event.message, event.contentType, inbound);
  }

  /** How the payload beside these headers is read. Messages next to each other often share them. */
  #formOf(headers: Headers): Form {
    if (headers === this.#lastHeaders) return this.#lastForm!;
    const contentType = contentTypeOf(headers) ?? this.#coding.contentType ?? contentTypes.json;
    if (contentType !== this.#lastForm?.contentType)
      this.#lastForm = {
        contentType,
        codec: this.#coding.codec ?? this.#codecs.find(contentType),
        structured: isStructured(contentType),
      };
    this.#lastHeaders = headers;
    return this.#lastForm;
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

/** The id that its sender gave a message of that destination. */
export function senderId(headers: Headers, destination: string): string | undefined {
  if (wasRedrivenElsewhere(headers, destination)) return undefined;
  const id = headers[headerNames.id] ?? cloudEventId(headers);
  return typeof id === 'string' ? id : undefined;
}

function message<T>(payload: T, inbound: InboundMessage, contentType: string, id: string): Message<T> {
  return {
    payload,
    headers: inbound.headers,
    key: keyText(inbound.key),
    id,
    timestamp: inbound.timestamp,
    contentType,
  };
}
