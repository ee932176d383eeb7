import { headerNames } from '@millrace/messaging/binder';

/** Entries of the header table that this binder writes for itself and takes out again. */
export const ownHeaders = {
  key: 'mr_key',
  /** The payload is null, not empty. */
  tombstone: 'mr_tombstone',
  /** Milliseconds; the property holds whole seconds. RabbitMQ's own timestamp plugin uses the same name. */
  timestamp: 'timestamp_in_ms',
  bigIntegers: 'mr_big_integers',
  expiresAt: 'mr_expires_at',
  parkedPosition: 'mr_parked_position',
} as const;

/** What the server adds to a message on its way. */
export const serverHeaders: ReadonlySet<string> = new Set(['x-stream-offset', 'x-delivery-count', 'x-acquired-count']);

/** Headers that are properties in AMQP, as Spring maps them. */
export const propertyHeaders = {
  [headerNames.contentType]: 'contentType',
  [headerNames.id]: 'messageId',
  [headerNames.correlationId]: 'correlationId',
  [headerNames.replyTo]: 'replyTo',
  amqp_contentEncoding: 'contentEncoding',
  amqp_type: 'type',
  amqp_appId: 'appId',
} as const;

/** Begins the message ids that this binder gives to messages without one. They are not handed to consumers. */
export const generatedId = '~mr.';

/** Text that fits into a property: its length is written into one byte. */
export function fitsProperty(value: unknown): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= 255;
}

/** The server sends copies where these say: a name that came from outside must not decide that, so it travels under another. */
const routingHeaders: ReadonlySet<string> = new Set(['CC', 'BCC']);
const escapePrefix = 'mr_escaped_';

export function escapedName(name: string): string {
  return routingHeaders.has(name) || name.startsWith(escapePrefix) ? escapePrefix + name : name;
}

export function unescapedName(name: string): string {
  return name.startsWith(escapePrefix) ? name.slice(escapePrefix.length) : name;
}
