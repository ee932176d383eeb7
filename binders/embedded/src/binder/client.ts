import { randomUUID } from 'node:crypto';
import type { Clock } from '@millrace/core';
import type { SpareBuffers } from '../spare-buffers.ts';
import type { Link } from './link.ts';

/** What bounds a client's memory and patience. */
export interface ClientLimits {
  readonly maxMessageBytes: number;
  /** Bytes sent and not yet acknowledged, over all of a client's sends; beyond, sends wait their turn. */
  readonly maxUnackedBytes: number;
  /** Bytes that a consumer reads ahead. */
  readonly readAheadBytes: number;
  /** Milliseconds that a send waits for room in a full queue. */
  readonly sendWaitMs: number;
}

/** What the parts of the binder share. */
export interface Client {
  readonly link: Link;
  readonly clock: Clock;
  readonly limits: ClientLimits;
  /** Admits bytes to be sent; see {@link ClientLimits.maxUnackedBytes}. */
  readonly window: SendWindow;
  /** Memory for what is sent. */
  readonly spares: SpareBuffers;
}

/** An identity that no other consumer, watcher or address has. */
export function newId(): string {
  return randomUUID();
}

/** Bounds the bytes under way: senders beyond it wait in order. */
export class SendWindow {
  readonly #limit: number;
  #used = 0;
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns at once where there is room, else a promise to be awaited. One larger than the window is let in alone. */
  enter(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes;
      return undefined;
    }
    return new Promise((enter) => this.#waiting.push({ bytes, enter }));
  }

  leave(bytes: number): void {
    this.#used -= bytes;
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#used += next.bytes;
      next.enter();
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#limit;
  }
}
