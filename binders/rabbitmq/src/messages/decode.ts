import type { HeaderValue, InboundMessage } from '@millrace/messaging/binder';
import type { Message } from 'amqplib';
import { restoreExactHeaders } from './exact-headers.ts';
import { headerValue } from './header-values.ts';
import { generatedId, ownHeaders, propertyHeaders, serverHeaders, unescapedName, withoutDelays } from './properties.ts';

const own: ReadonlySet<string> = new Set(Object.values(ownHeaders));
const properties = Object.entries(propertyHeaders);

/** Which properties become headers: the id of a command is not one, it is told beside them. */
export interface DecodeOptions {
  readonly isCommand?: boolean | undefined;
}

/** Reads a message: properties become the headers that Spring maps them to, what this binder added goes where it belongs. */
export function decode(message: Message, { isCommand = false }: DecodeOptions = {}): InboundMessage {
  const table = withoutDelays(message.properties.headers ?? {});
  const headers: Record<string, HeaderValue> = {};
  for (const [name, value] of Object.entries(table))
    if (!own.has(name) && !serverHeaders.has(name)) headers[unescapedName(name)] = headerValue(value);
  const exact = table[ownHeaders.exact];
  if (typeof exact === 'string') restoreExactHeaders(headers, exact);
  addProperties(headers, message.properties as unknown as Record<string, unknown>, isCommand);
  return {
    payload: table[ownHeaders.tombstone] === true && message.content.length === 0 ? null : message.content,
    headers,
    key: keyOf(table),
    timestamp: timestampOf(message.properties.timestamp, table[ownHeaders.timestamp]),
  };
}

function addProperties(headers: Record<string, HeaderValue>, from: Readonly<Record<string, unknown>>, isCommand: boolean): void {
  for (const [name, property] of properties) {
    const value = from[property];
    if (typeof value !== 'string') continue;
    if (property !== 'messageId' || !(isCommand || value.startsWith(generatedId))) headers[name] = value;
  }
  const { priority } = from;
  if (typeof priority === 'number' && !isCommand) headers['priority'] = priority;
}

function keyOf(table: Readonly<Record<string, unknown>>): string | Uint8Array | undefined {
  const { [ownHeaders.key]: text, [ownHeaders.keyBytes]: bytes } = table;
  if (typeof text === 'string') return text;
  return typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'base64')) : undefined;
}

/** The property's whole seconds, or their milliseconds where they are known; the time of the receipt where there is neither. */
function timestampOf(seconds: unknown, milliseconds: unknown): number {
  if (typeof milliseconds === 'number') return milliseconds;
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : Date.now();
}

/** How often a message was handed out before, as far as the server says: classic queues only tell first from later. */
export function redeliveriesOf(message: Message): number {
  const headers = (message.properties.headers ?? {}) as Record<string, unknown>;
  const counts = [headers['x-delivery-count'], headers['x-acquired-count']].filter((each) => typeof each === 'number');
  const counted = Math.max(0, ...counts);
  return counted > 0 ? counted : message.fields.redelivered ? 1 : 0;
}
