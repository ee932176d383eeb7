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
  /** What is sent goes through it; see {@link ClientLimits.maxUnackedBytes}. */
  readonly window: SendWindow;
  /** Memory for what is sent. */
  readonly spares: SpareBuffers;
}

/** An identity that no other consumer, watcher or address has. */
export function newId(): string {
  return randomUUID();
}

/** Bounds the bytes under way; what is beyond it is begun in order, as room becomes free. */
export class SendWindow {
  readonly #limit: number;
  #used = 0;
  readonly #waiting: { readonly bytes: number; readonly begin: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Does `task` within the window: at once where there is room, else in its turn, and then before anything that asks later, which a
   * promise of the turn could not assure. A task larger than the window runs alone.
   */
  within<R>(bytes: number, task: () => Promise<R>): Promise<R> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) return this.#run(bytes, task);
    return new Promise((resolve) => this.#waiting.push({ bytes, begin: () => resolve(this.#run(bytes, task)) }));
  }

  async #run<R>(bytes: number, task: () => Promise<R>): Promise<R> {
    this.#used += bytes;
    try {
      return await task();
    } finally {
      this.#used -= bytes;
      this.#beginNext();
    }
  }

  #beginNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.begin();
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#limit;
  }
}
