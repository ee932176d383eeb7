import type { Admin } from './admin.ts';
import { replyCodeOf } from './faults.ts';
import { sleep } from './patience.ts';
import { translate } from './translate.ts';

/** A lock that is held until it is released or the connection is lost. */
export interface Lock {
  readonly isLost: boolean;
  release(): Promise<void>;
}

/**
 * Locks that hold among all clients: a queue that belongs to one connection. The server frees it when that ends. Within one connection it
 * would not exclude, so this process keeps its own account beside it.
 */
export class Locks {
  readonly #admin: Admin;
  #held = new Set<string>();

  constructor(admin: Admin) {
    this.#admin = admin;
    admin.link.on('down', () => (this.#held = new Set()));
  }

  /** Takes the lock; `undefined` when somebody has it. */
  async hold(name: string): Promise<Lock | undefined> {
    const held = this.#held;
    if (held.has(name)) return undefined;
    held.add(name);
    const what = `take the lock '${name}'`;
    try {
      await this.#admin.attempt(what, async (channel) => channel.assertQueue(name, { exclusive: true, durable: false }));
    } catch (error) {
      held.delete(name);
      if (replyCodeOf(error) === 405) return undefined;
      throw translate(error, what, this.#admin.link.addressText);
    }
    const isLost = (): boolean => this.#held !== held;
    // While we waited the connection may have been lost, and another one made that holds the queue.
    return isLost()
      ? this.hold(name)
      : {
          release: () => this.#release(name, held),
          get isLost() {
            return isLost();
          },
        };
  }

  /** Runs `work` alone. Rejects with what `busy` gives when others hold the lock for longer than the patience. */
  async alone<T>(name: string, busy: () => Error, work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#admin.patienceMs;
    let lock = await this.hold(name);
    for (; lock === undefined; lock = await this.hold(name)) {
      if (performance.now() > deadline) throw busy();
      await sleep(10 + Math.random() * 40);
    }
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }

  async #release(name: string, held: Set<string>): Promise<void> {
    if (this.#held !== held) return;
    await this.#admin.run(`free the lock '${name}'`, async (channel) => channel.deleteQueue(name));
    held.delete(name);
  }
}
