import { headerNames } from '@millrace/messaging/binder';
import type { HeaderValue, OutboundMessage } from '@millrace/messaging/binder';
import type { Options } from 'amqplib';
import { exactHeadersOf } from './exact-headers.ts';
import { checkField, tableValue } from './header-values.ts';
import type { TableValue } from './header-values.ts';
import { escapedName, fitsProperty, ownHeaders, propertyHeaders } from './properties.ts';

/** A message as AMQP carries it. */
export interface EncodedMessage {
  readonly content: Buffer;
  readonly options: Options.Publish;
}

/** Headers that only mean something on the way here. */
const notSent: ReadonlySet<string> = new Set([
  headerNames.partition,
  'sourceData',
  'deliveryAttempt',
  'rabbitmq_streamContext',
  ...Object.values(ownHeaders),
]);

const empty = Buffer.alloc(0);

/** Writes a message as Spring does; `isStream` where streams will hold it. Throws a TypeError for headers that AMQP cannot carry. */
export function encode(message: OutboundMessage, isStream = false): EncodedMessage {
  const { payload, timestamp = Date.now() } = message;
  const options: Options.Publish & Record<string, unknown> = { persistent: true, mandatory: true };
  const headers: Record<string, TableValue> = Object.create(null) as Record<string, TableValue>;
  for (const [name, value] of Object.entries(message.headers)) {
    if (!notSent.has(name) && !asProperty(options, name, value)) {
      checkField(name);
      headers[escapedName(name)] = tableValue(value);
    }
  }
  const exact = exactHeadersOf(message.headers, isStream);
  if (exact !== undefined) headers[ownHeaders.exact] = exact;
  addOwn(headers, message, timestamp);
  options.timestamp = Math.floor(timestamp / 1000);
  options.headers = headers;
  return { content: payload === null ? empty : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), options };
}

function addOwn(headers: Record<string, TableValue>, { payload, key }: OutboundMessage, timestamp: number): void {
  if (payload === null) headers[ownHeaders.tombstone] = true;
  if (typeof key === 'string') headers[ownHeaders.key] = key;
  else if (key !== undefined) headers[ownHeaders.keyBytes] = Buffer.from(key).toString('base64');
  headers[ownHeaders.timestamp] = tableValue(timestamp);
}

/** Whether the header became a property. What does not fit into one stays a header. */
function asProperty(options: Record<string, unknown>, name: string, value: HeaderValue): boolean {
  if (name === 'priority') {
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 255) return false;
    options['priority'] = value;
    return true;
  }
  if (!Object.hasOwn(propertyHeaders, name) || !fitsProperty(value)) return false;
  options[propertyHeaders[name as keyof typeof propertyHeaders]] = value;
  return true;
}
