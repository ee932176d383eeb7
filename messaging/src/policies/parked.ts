import type { Headers } from '../binder/index.ts';

/** A message that failed for good, with why and where it came from. */
export interface ParkedMessage {
  /** Opaque and stable: names the message in every call here. */
  readonly id: string;
  /** The dead-letter destination that holds it. */
  readonly deadLetter: string;
  readonly destination: string;
  readonly group: string;
  /** A `change` was parked for a named watcher of a region; it can be looked at and discarded, but not re-driven. */
  readonly kind: 'event' | 'command' | 'change';
  readonly payload: Uint8Array | null;
  readonly headers: Headers;
  readonly key: string | undefined;
  readonly contentType: string;
  readonly attempts: number;
  readonly cause: {
    readonly type: string;
    readonly message: string;
    readonly code?: string | undefined;
    readonly stack?: string | undefined;
  };
  readonly origin: {
    readonly partition: number | undefined;
    readonly offset: number | undefined;
    readonly timestamp: number | undefined;
  };
  readonly parkedAt: number;
}

/** Which parked messages are meant; all conditions must hold. */
export interface ParkedFilter {
  readonly destination?: string | undefined;
  readonly group?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  /** Text that the cause's message or type contains. */
  readonly cause?: string | undefined;
  readonly before?: Date | undefined;
  readonly after?: Date | undefined;
}

/** How parked messages are sent back. */
export interface RedriveOptions {
  /** Messages per second, at most (default unlimited). */
  readonly ratePerSecond?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** The parked messages of all binders in use. */
export interface ParkedMessages {
  /** Dead-letter destinations with their number of messages. */
  summary(): Promise<
    readonly { readonly deadLetter: string; readonly destination: string; readonly group: string; readonly count: number }[]
  >;
  list(filter?: ParkedFilter, options?: { readonly limit?: number; readonly after?: string }): Promise<readonly ParkedMessage[]>;
  /** `NOT_FOUND` if it is gone. */
  show(id: string): Promise<ParkedMessage>;
  /** Replaces payload or headers; the message gets a new id, which is returned. The old one is removed after the new one is durable. */
  edit(id: string, change: { readonly payload?: Uint8Array; readonly headers?: Headers }): Promise<string>;
  /**
   * Sends messages back to the group that parked them, through their original destination, and removes them. Idempotent: a message
   * that was sent but, because of a crash, not removed is recognised by the consumer and not handled twice.
   */
  redrive(filter: ParkedFilter, options?: RedriveOptions): Promise<{ readonly redriven: number }>;
  discard(filter: ParkedFilter): Promise<{ readonly discarded: number }>;
}
