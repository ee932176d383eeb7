import type { Channel } from 'amqplib';
import { closeChannel, openChannel } from '../client/admin.ts';
import type { Link } from '../client/link.ts';
import { replyCodeOf } from '../client/faults.ts';
import { sleep } from '../client/patience.ts';

/**
 * Locks that hold among all clients: a queue that belongs to one connection. The server frees it when that ends. Within one connection it
 * would not exclude, so this process keeps its own account beside it.
 */
export class Locks {
  readonly #link: Link;
  readonly #held = new Map<string, Promise<void>>();

  constructor(link: Link) {
    this.#link = link;
  }

  /** Runs `work` alone. Rejects with what `busy` gives when others hold the lock for longer than `patienceMs`. */
  async alone<T>(name: string, patienceMs: number, busy: () => Error, work: () => Promise<T>): Promise<T> {
    const before = this.#held.get(name);
    let free: (() => void) | undefined;
    const holding = new Promise<void>((resolve) => (free = resolve));
    const turn = (before ?? Promise.resolve()).then(() => holding);
    this.#held.set(name, turn);
    await before;
    try {
      const channel = await this.#acquire(name, patienceMs, busy);
      try {
        return await work();
      } finally {
        await release(channel, name);
      }
    } finally {
      if (this.#held.get(name) === turn) this.#held.delete(name);
      free!();
    }
  }

  async #acquire(name: string, patienceMs: number, busy: () => Error): Promise<Channel> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const channel = await openChannel(this.#link, patienceMs);
      try {
        await channel.assertQueue(name, { exclusive: true, autoDelete: false, durable: false });
        return channel;
      } catch (error) {
        await closeChannel(channel);
        if (replyCodeOf(error) !== 405) throw error;
        if (performance.now() > deadline) throw busy();
        await sleep(10 + Math.random() * 40);
      }
    }
  }
}

async function release(channel: Channel, name: string): Promise<void> {
  try {
    await channel.deleteQueue(name);
  } catch {
    // The connection ended, and the lock with it.
  }
  await closeChannel(channel);
}
