/** A header's value: what JSON can hold, 64-bit integers, and bytes. */
export type HeaderValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly HeaderValue[]
  | { readonly [name: string]: HeaderValue };

/** Named facts about a message that travel beside its payload. Names are case-sensitive. */
export type Headers = Readonly<Record<string, HeaderValue>>;

/** Names of the headers that every binder and the portable layer agree on. Those of Spring Cloud Stream keep its spelling. */
export const headerNames = {
  contentType: 'contentType',
  id: 'mr_id',
  correlationId: 'correlationId',
  replyTo: 'mr_replyTo',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  partition: 'scst_partition',
  originDestination: 'x-original-topic',
  originPartition: 'x-original-partition',
  originOffset: 'x-original-offset',
  originTimestamp: 'x-original-timestamp',
  originGroup: 'mr_original_group',
  originKind: 'mr_original_kind',
  exceptionType: 'x-exception-fqcn',
  exceptionMessage: 'x-exception-message',
  exceptionStack: 'x-exception-stacktrace',
  attempts: 'mr_attempts',
  errorCode: 'mr_error_code',
  redriveDestination: 'mr_redrive_destination',
  redriveGroup: 'mr_redrive_group',
  redriveId: 'mr_redrive_id',
} as const;

/** A message as a binder takes it: bytes, headers and where it should go. A `null` payload is a tombstone. */
export interface OutboundMessage {
  readonly payload: Uint8Array | null;
  readonly headers: Headers;
  /** Orders messages and, on a compacted destination, replaces the earlier one with the same key. */
  readonly key?: string | Uint8Array | undefined;
  /** The partition, chosen by the portable layer; absent: the binder spreads or uses its broker's own rule for the key. */
  readonly partition?: number | undefined;
  /** Milliseconds since the epoch; absent: the time of the append. */
  readonly timestamp?: number | undefined;
}

/** A message as a binder gives it out. The payload is a view: copy it to keep it beyond the handler. */
export interface InboundMessage {
  readonly payload: Uint8Array | null;
  readonly headers: Headers;
  readonly key: string | Uint8Array | undefined;
  readonly timestamp: number;
}
