import type { AppMessage } from '../runtime/message.ts';

/**
 * Where messages go next. `push` returns nothing when everything that follows is already done with the batch, and a promise of that
 * otherwise; it rejects when messages could neither be passed on nor parked, so that they must not be acknowledged.
 * Batches keep their order without waiting for each other.
 */
export interface Next {
  push(batch: readonly AppMessage[]): void | Promise<void>;
}

/** Passes every batch to several others; done when all are. */
export function fanOut(all: readonly Next[]): Next {
  if (all.length === 1) return all[0]!;
  return {
    push(batch) {
      const pending = all.map((each) => each.push(batch)).filter((result) => result instanceof Promise);
      return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
    },
  };
}

/** The end for messages that nobody wants. */
export const nowhere: Next = { push: () => undefined };
