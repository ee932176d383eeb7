import type { Subscription, SubscriptionHealth } from '../client.ts';
import { raise } from '../errors.ts';

const longestInterval = 0x7fffffff;

/** The subscriptions of a runtime, by name; equal names are told apart by a number. */
export class Subscriptions {
  readonly #byName = new Map<string, Subscription>();
  /** A process with subscriptions is a service: it lives until they are closed, whatever handles its binders hold. */
  #keepAlive: NodeJS.Timeout | undefined;
  #closing = false;

  /** Adds one; returns how to take it out. `FAILED_PRECONDITION` once closing has begun. */
  add(subscription: Subscription): () => void {
    if (this.#closing) throw raise('RUNTIME_CLOSED', { operation: 'subscribe' });
    let name = subscription.name;
    for (let number = 2; this.#byName.has(name); number++) name = `${subscription.name}#${number}`;
    this.#byName.set(name, subscription);
    this.#keepAlive ??= setInterval(() => {}, longestInterval);
    return () => this.#remove(name);
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

  #remove(name: string): void {
    this.#byName.delete(name);
    if (this.#byName.size > 0) return;
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }
}
