import type { Clock, MillraceError, Timer } from '@millrace/core';
import type { QueueConsumer, QueueDelivery } from '../binder/index.ts';
import { raise } from '../errors.ts';

/** A delivery whose lease is kept alive while it is worked on. */
export interface Leased {
  readonly delivery: QueueDelivery;
  /** When the lease last began, in monotonic milliseconds. */
  leasedAt: number;
  /** Called once, when the lease is gone: the command may be running elsewhere by now. */
  leaseLost(error: MillraceError): void;
}

/**
 * Extends leases well before they end: every third of the lease, those that are older than a quarter. It runs on this process's
 * event loop, so a handler that blocks the loop for longer than its lease loses it; {@link isOurs} is what fences such a handler
 * afterwards, because it goes by the time that really passed. Binders that can renew from another thread do so themselves.
 */
export class LeaseKeeper {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #consumer: Pick<QueueConsumer, 'extend'>;
  readonly #held = new Set<Leased>();
  #timer: Timer | undefined;

  constructor(clock: Clock, leaseMs: number, consumer: Pick<QueueConsumer, 'extend'>) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#consumer = consumer;
  }

  hold(leased: Leased): void {
    this.#held.add(leased);
    this.#timer ??= this.#clock.after(this.#leaseMs / 3, () => void this.#tick());
  }

  /** Stops extending; the lease ends by itself or with the acknowledgement. */
  letGo(leased: Leased): void {
    this.#held.delete(leased);
  }

  /** Whether the lease is surely still ours, by the time that passed here. */
  isOurs(leased: Leased): boolean {
    return this.#held.has(leased) && this.#clock.monotonic() - leased.leasedAt < this.#leaseMs;
  }

  close(): void {
    this.#held.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    await this.#extend(this.#due());
    this.#timer = undefined;
    if (this.#held.size > 0) this.#timer = this.#clock.after(this.#leaseMs / 3, () => void this.#tick());
  }

  #due(): Leased[] {
    const before = this.#clock.monotonic() - this.#leaseMs / 4;
    return [...this.#held].filter((leased) => leased.leasedAt <= before);
  }

  async #extend(due: readonly Leased[]): Promise<void> {
    if (due.length === 0) return;
    const now = this.#clock.monotonic();
    try {
      const lost = new Set(await this.#consumer.extend(due.map((leased) => leased.delivery)));
      for (const leased of due) this.#extended(leased, now, lost.has(leased.delivery));
    } catch (error) {
      // Not knowing is no loss yet: there is time for another try before the lease ends.
      for (const leased of due) if (!this.isOurs(leased)) this.#lose(leased, error);
    }
  }

  #extended(leased: Leased, now: number, isLost: boolean): void {
    if (isLost) this.#lose(leased);
    else leased.leasedAt = now;
  }

  #lose(leased: Leased, cause?: unknown): void {
    if (!this.#held.delete(leased)) return;
    leased.leaseLost(raise('LEASE_LOST', { id: leased.delivery.id, leaseMs: this.#leaseMs }, cause));
  }
}
