import type { Headers } from './binder/message.ts';

/** A message as handlers and pipelines see it: immutable content. */
export interface Message<T = unknown> {
  /** The decoded payload; `null` is a tombstone. */
  readonly payload: T;
  readonly headers: Headers;
  readonly key: string | undefined;
  /** The sender's id, or `<destination>/<partition>/<offset>` where the sender gave none: unique and stable over redelivery. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly contentType: string;
}

/** What may accompany a payload when it is sent. */
export interface MessageOptions {
  readonly headers?: Headers | undefined;
  readonly key?: string | undefined;
  readonly id?: string | undefined;
  readonly timestamp?: number | undefined;
  readonly contentType?: string | undefined;
}
