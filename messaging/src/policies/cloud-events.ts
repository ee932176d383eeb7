import { randomUUID } from 'node:crypto';
import { headerNames, type Headers, type HeaderValue, type InboundMessage } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { type Codec, contentTypes, decodeWith, essence, isTextual } from './codec.ts';
import type { Draft } from './draft.ts';

/** How messages of a destination are sent as CloudEvents 1.0. */
export interface CloudEventOptions {
  readonly mode: 'binary' | 'structured';
  readonly type: string;
  /** Default: the runtime's name, as a path. */
  readonly source?: string | undefined;
}

/** The attributes of a CloudEvent, by name; extensions included. */
export type CloudEventAttributes = Readonly<Record<string, HeaderValue>> & {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
};

/** The prefix that we write; readers of CloudEvents, Spring's among them, know all of these. */
const prefix = 'ce_';
const prefixes = [prefix, 'ce-', 'cloudEvents:', 'cloudEvents_'];
const structuredType = 'application/cloudevents+json';

/** The CloudEvent attributes of a message, whatever their spelling; `undefined` for a message that is none. */
export function cloudEventOf(message: { readonly headers: Headers }): CloudEventAttributes | undefined {
  const found = prefixes.find((candidate) =>
    ['specversion', 'type', 'source'].every((name) => `${candidate}${name}` in message.headers),
  );
  if (found === undefined) return undefined;
  const entries = Object.entries(message.headers).filter(([name]) => name.startsWith(found));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(found.length), value])) as CloudEventAttributes;
}

/** The id that a CloudEvent was given by its sender. */
export function cloudEventId(headers: Headers): string | undefined {
  // Every message is looked at: no names are put together here.
  const version =
    headers['ce_specversion'] ??
    headers['ce-specversion'] ??
    headers['cloudEvents:specversion'] ??
    headers['cloudEvents_specversion'];
  if (version === undefined) return undefined;
  const id = headers['ce_id'] ?? headers['ce-id'] ?? headers['cloudEvents:id'] ?? headers['cloudEvents_id'];
  return typeof id === 'string' ? id : undefined;
}

/** Makes a message that is written already into a CloudEvent. Tombstones keep their empty payload and get the attributes as headers. */
export function toCloudEvent(
  draft: Draft,
  payload: unknown,
  options: CloudEventOptions,
  sender: { name: string; now: number },
): Draft {
  const given = draft.headers[headerNames.id];
  const attributes = {
    specversion: '1.0',
    id: typeof given === 'string' ? given : randomUUID(),
    source: options.source ?? `/${sender.name}`,
    type: options.type,
    time: new Date(draft.timestamp ?? sender.now).toISOString(),
  };
  if (options.mode === 'binary' || draft.payload === null) {
    const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [prefix + name, value]));
    return { ...draft, headers: { ...draft.headers, ...headers } };
  }
  const datacontenttype = draft.headers[headerNames.contentType] as string;
  const event = { ...attributes, datacontenttype, ...dataOf(draft.payload, payload, datacontenttype) };
  return {
    ...draft,
    payload: Buffer.from(JSON.stringify(event)),
    headers: { ...draft.headers, [headerNames.contentType]: structuredType },
  };
}

function dataOf(bytes: Uint8Array, payload: unknown, contentType: string): { data: unknown } | { data_base64: string } {
  if (essence(contentType) === contentTypes.json && typeof payload !== 'string') return { data: payload };
  const buffer = Buffer.from(bytes);
  return isTextual(contentType) ? { data: buffer.toString() } : { data_base64: buffer.toString('base64') };
}

/** Whether a content type says that the payload is a whole CloudEvent. */
export function isStructured(contentType: string): boolean {
  if (!contentType.includes('cloudevents')) return false;
  const type = essence(contentType);
  return type === structuredType || type === 'application/cloudevents';
}

/** A structured CloudEvent taken apart: its data, and its attributes as headers of a binary one. */
export function fromStructured(
  inbound: InboundMessage & { readonly payload: Uint8Array },
  destination: string,
  find: (type: string) => Codec,
) {
  const event = decodeWith(find(contentTypes.json), inbound.payload, structuredType, destination);
  const { data, data_base64: base64, ...attributes } = recordOf(event, destination);
  const { datacontenttype } = attributes;
  const contentType = typeof datacontenttype === 'string' ? datacontenttype : contentTypes.json;
  const named = Object.entries(attributes).map(([name, value]) => [prefix + name, value as HeaderValue] as const);
  const headers: Headers = { ...inbound.headers, ...Object.fromEntries(named), [headerNames.contentType]: contentType };
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
  const payload = bytes === undefined ? data : decodeWith(find(contentType), bytes, contentType, destination);
  const time = typeof attributes['time'] === 'string' ? Date.parse(attributes['time']) : NaN;
  const timestamp = Number.isNaN(time) ? inbound.timestamp : time;
  // One by one, since binders give out objects whose fields are decoded when asked for: a copy of what is there would lack them.
  return { payload, contentType, message: { payload: inbound.payload, key: inbound.key, headers, timestamp } };
}

function recordOf(event: unknown, destination: string): Record<string, unknown> {
  const record = typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {};
  const missing = ['specversion', 'id', 'source', 'type'].filter((name) => typeof record[name] !== 'string');
  if (missing.length === 0) return record;
  const problem = `it lacks ${missing.join(', ')}`;
  throw raise('DECODE_FAILED', { destination, contentType: structuredType, problem });
}
