import { raise } from '../errors.ts';
import type { Admin } from '../client/admin.ts';
import { delayName } from '../messages/properties.ts';
import type { Catalogue } from '../topology/catalogue.ts';

/** Delays are whole multiples of this, rounded up. */
const unitMs = 100;
const mostLevels = 28;
const longestDelayMs = unitMs * (2 ** mostLevels - 1);

/**
 * Delay without a plugin. A command's delay, as a binary number, is its routing key; each bit that is 1 leads through a queue whose
 * messages expire after what the bit is worth, and from there to the next lower level, at the end to the command queue. All messages of
 * one such queue wait equally long, so none holds back another.
 */
export class Delays {
  readonly #admin: Admin;
  readonly #catalogue: Catalogue;
  readonly #isQuorum: boolean;
  readonly #declaring = new Map<string, Promise<number>>();

  constructor(admin: Admin, catalogue: Catalogue, isQuorum: boolean) {
    this.#admin = admin;
    this.#catalogue = catalogue;
    this.#isQuorum = isQuorum;
  }

  /** Where a command goes that is due in `delayMs`. Makes the levels that it needs. */
  async route(queue: string, delayMs: number): Promise<{ readonly exchange: string; readonly routingKey: string }> {
    if (delayMs > longestDelayMs) throw raise('DELAY_TOO_LONG', { queue, delayMs, limit: longestDelayMs });
    const units = Math.max(1, Math.ceil(delayMs / unitMs));
    const levels = units.toString(2).length;
    const made = await this.#levels(queue, levels);
    return { exchange: exchangeOf(queue, made - 1), routingKey: units.toString(2).padStart(made, '0').split('').join('.') };
  }

  /** Forgets what was made for a queue: it was deleted. */
  forget(queue: string): void {
    this.#declaring.delete(queue);
  }

  /** The number of levels that there are, at least `wanted`. */
  async #levels(queue: string, wanted: number): Promise<number> {
    for (;;) {
      const made = await this.#declaring.get(queue);
      if (made !== undefined && made >= wanted) return made;
      const known = this.#catalogue.known(queue)?.delayLevels ?? 0;
      const making = this.#declare(queue, made ?? 0, Math.max(wanted, known));
      this.#declaring.set(queue, making);
      making.catch(() => this.#declaring.delete(queue));
      await making;
    }
  }

  async #declare(queue: string, from: number, to: number): Promise<number> {
    if (from === 0) await this.#exchange(exchangeOf(queue, -1));
    await this.#admin.run(`bind queue '${queue}'`, async (channel) => channel.bindQueue(queue, exchangeOf(queue, -1), '#'));
    for (let level = from; level < to; level++) await this.#level(queue, level);
    await this.#catalogue.addDelayLevels(queue, to);
    return to;
  }

  /**
   * One level: its exchange looks at the bit at its place, counted from the end of the routing key. Keys are as long as the levels that
   * were made when they were written, so the place is given by what follows.
   */
  async #level(queue: string, level: number): Promise<void> {
    const [exchange, delayed, next] = [exchangeOf(queue, level), delayName(queue, level), exchangeOf(queue, level - 1)];
    const rest = '.*'.repeat(level);
    await this.#exchange(exchange);
    const options = {
      durable: true,
      arguments: {
        'x-message-ttl': unitMs * 2 ** level,
        'x-dead-letter-exchange': next,
        ...(this.#isQuorum
          ? { 'x-queue-type': 'quorum', 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' }
          : {}),
      },
    };
    await this.#admin.run(`declare queue '${delayed}'`, async (channel) => {
      await channel.assertQueue(delayed, options);
      await channel.bindQueue(delayed, exchange, `#.1${rest}`);
      await channel.bindExchange(next, exchange, `#.0${rest}`);
    });
  }

  async #exchange(exchange: string): Promise<void> {
    await this.#admin.run(`declare exchange '${exchange}'`, async (channel) =>
      channel.assertExchange(exchange, 'topic', { durable: true }),
    );
  }
}

function exchangeOf(queue: string, level: number): string {
  return delayName(queue, level < 0 ? 'due' : level);
}

/** Everything that delays need for a queue with so many levels. */
export function delayObjects(
  queue: string,
  levels: number,
): { readonly exchanges: readonly string[]; readonly queues: readonly string[] } {
  if (levels === 0) return { exchanges: [], queues: [] };
  const all = Array.from({ length: levels }, (_, level) => level);
  return {
    exchanges: [-1, ...all].map((level) => exchangeOf(queue, level)),
    queues: all.map((level) => delayName(queue, level)),
  };
}
