import type { Subscription, SubscriptionHealth } from '../client.ts';
import { raise } from '../errors.ts';

/** The subscriptions of a runtime, by name; equal names are told apart by a number. */
export class Subscriptions {
  readonly #byName = new Map<string, Subscription>();
  #closing = false;

  /** Adds one; returns how to take it out. `FAILED_PRECONDITION` once closing has begun. */
  add(subscription: Subscription): () => void {
    if (this.#closing) throw raise('RUNTIME_CLOSED', { operation: 'subscribe' });
    let name = subscription.name;
    for (let number = 2; this.#byName.has(name); number++) name = `${subscription.name}#${number}`;
    this.#byName.set(name, subscription);
    return () => void this.#byName.delete(name);
  }

  health(): Record<string, SubscriptionHealth> {
    return Object.fromEntries([...this.#byName].map(([name, subscription]) => [name, subscription.health]));
  }

  /** Closes all at once. Every one is closed, also when another fails; the first failure is thrown. */
  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    const closing = [...this.#byName.values()].map((subscription) => subscription.close({ deadlineMs }));
    const results = await Promise.allSettled(closing);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}
