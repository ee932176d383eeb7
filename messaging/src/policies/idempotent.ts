import type { Clock } from '@millrace/core';
import type { RegionHandle } from '../data-events/region-handle.ts';

/** Remembers which messages were handled. */
export interface IdempotencyStore {
  has(id: string): boolean | Promise<boolean>;
  /** Resolves when it will be remembered. */
  add(id: string): void | Promise<void>;
}

/**
 * Remembers the last `limit` ids in this process, and up to as many before them: removes duplicates that come close together, such as those of a redelivery to the
 * same process. Forgets everything when the process ends.
 */
export class MemoryIdempotencyStore implements IdempotencyStore {
  readonly #limit: number;
  // Two generations: the older one is dropped whole, which is much cheaper than evicting one id per message.
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }

  add(id: string): void {
    this.#young.add(id);
    if (this.#young.size < this.#limit) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
}

/** What a region-backed store keeps per id. */
export interface HandledMark {
  readonly handledAt: number;
}

/** Remembers ids in a region, for all processes and over restarts; for `timeToLiveMs` where the binder's regions have time-to-live. */
export class RegionIdempotencyStore implements IdempotencyStore {
  readonly #region: RegionHandle<HandledMark>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #timeToLiveMs: number | undefined;

  constructor(
    region: RegionHandle<HandledMark>,
    options: { readonly timeToLiveMs?: number; readonly clock?: Pick<Clock, 'now'> } = {},
  ) {
    this.#region = region;
    this.#clock = options.clock ?? Date;
    this.#timeToLiveMs = options.timeToLiveMs;
  }

  async has(id: string): Promise<boolean> {
    return (await this.#region.getEntry(id)) !== undefined;
  }

  async add(id: string): Promise<void> {
    await this.#region.putIfAbsent(id, { handledAt: this.#clock.now() }, { timeToLiveMs: this.#timeToLiveMs });
  }
}

/**
 * A handler that handles each message id once, as far as the store remembers: an id is recorded after the handler succeeded, so a
 * crash in between means once more, never never. Duplicates that arrive while the first is being handled wait for its outcome.
 * Handlers of different groups need stores of their own.
 */
export function idempotent<P, C extends { readonly id: string }, R>(
  store: IdempotencyStore,
  handler: (payload: P, context: C) => R | Promise<R>,
): (payload: P, context: C) => Promise<R | undefined> {
  const running = new Map<string, Promise<unknown>>();
  const once = async (payload: P, context: C): Promise<R | undefined> => {
    if (await store.has(context.id)) return undefined;
    const result = await handler(payload, context);
    await store.add(context.id);
    return result;
  };
  return async (payload, context) => {
    const { id } = context;
    for (let first = running.get(id); first !== undefined; first = running.get(id)) await first.catch(() => {});
    const attempt = once(payload, context).finally(() => running.delete(id));
    running.set(id, attempt);
    return attempt;
  };
}
