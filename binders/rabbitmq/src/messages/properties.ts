import { headerNames } from '@millrace/messaging/binder';

/** Entries of the header table that this binder writes for itself and takes out again. */
export const ownHeaders = {
  key: 'mr_key',
  /** The payload is null, not empty. */
  tombstone: 'mr_tombstone',
  /** Milliseconds; the property holds whole seconds. RabbitMQ's own timestamp plugin uses the same name. */
  timestamp: 'timestamp_in_ms',
  /** Bytes of a key, in base64: streams keep bytes only as text. */
  keyBytes: 'mr_key_bytes',
  /** What the wire does not bring back as it was. */
  exact: 'mr_exact_headers',
  expiresAt: 'mr_expires_at',
  parkedPosition: 'mr_parked_position',
} as const;

/** What the server adds to a message on its way. */
export const serverHeaders: ReadonlySet<string> = new Set(['x-stream-offset', 'x-delivery-count', 'x-acquired-count']);

/** The name of a queue in which commands wait for their time. */
export function delayName(queue: string, level: number | 'due'): string {
  return `${queue}.mr-delay.${level}`;
}

const delayQueue = /\.mr-delay\.\d+$/;

/**
 * Takes out what dead-lettering wrote while a command waited: that is how it was delayed, not what became of it. Dead letters by others
 * stay as they are.
 */
export function withoutDelays(table: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const deaths = table['x-death'];
  if (!Array.isArray(deaths)) return table;
  const real = (deaths as readonly { readonly queue?: unknown }[]).filter(
    ({ queue }) => !(typeof queue === 'string' && delayQueue.test(queue)),
  );
  if (real.length === deaths.length) return table;
  const kept = Object.entries(table).filter(([name]) => name !== 'x-death' && !/^x-(?:first|last)-death-/.test(name));
  return Object.fromEntries(real.length === 0 ? kept : [...kept, ['x-death', real]]);
}

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
