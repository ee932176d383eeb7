import type { Options } from 'amqplib';
import type { Admin } from '../client/admin.ts';
import { replyCodeOf } from '../client/faults.ts';
import { problemOf } from '../client/translate.ts';
import type { TopologySettings } from '../settings.ts';
import type { Names } from './names.ts';

type Arguments = Readonly<Record<string, string | number | boolean>>;

/** An object that exists with other attributes than this binder would have given it, and is used as it is. */
export interface Mismatch {
  readonly object: string;
  readonly problem: string;
}

/** Declares exchanges and queues as Spring names and binds them. What exists is used as it is; differences are remembered. */
export class Declarations {
  readonly #admin: Admin;
  readonly #names: Names;
  readonly #settings: TopologySettings;
  readonly #mismatches = new Map<string, Mismatch>();
  readonly #declaring = new Map<string, Promise<void>>();

  constructor(admin: Admin, names: Names, settings: TopologySettings) {
    this.#admin = admin;
    this.#names = names;
    this.#settings = settings;
  }

  get mismatches(): readonly Mismatch[] {
    return [...this.#mismatches.values()];
  }

  async exchange(destination: string): Promise<void> {
    await this.#exchange(this.#names.exchange(destination), 'topic');
  }

  /** The queues of a named group, each bound to its partition. */
  async group(destination: string, group: string, partitions: number): Promise<void> {
    await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const queue = this.#names.queue(destination, group, partition, partitions);
        await this.queue(queue, { ...this.#deadLetterArguments(queue), ...this.#settings.queueArguments });
        await this.#bind(queue, destination, this.#names.bindingKey(destination, partition, partitions));
      }),
    );
  }

  /** A queue that lives as long as the connection, with a copy of everything. */
  async anonymous(destination: string, queue: string): Promise<void> {
    const options = { durable: false, exclusive: true, autoDelete: true };
    await this.#admin.run(`declare queue '${queue}'`, async (channel) => channel.assertQueue(queue, options));
    await this.#bind(queue, destination, '#');
  }

  /** The dead-letter queue of a group, bound with the names of the group's queues, as Spring's. */
  async deadLetter(destination: string, group: string, partitions: number): Promise<void> {
    const keys = new Set([this.#names.group(destination, group)]);
    for (let partition = 0; partition < partitions; partition++)
      keys.add(this.#names.queue(destination, group, partition, partitions));
    await this.deadLetterQueue(this.#names.deadLetter(destination, group), [...keys]);
  }

  async deadLetterQueue(queue: string, keys: readonly string[]): Promise<void> {
    const exchange = this.#names.deadLetterExchange();
    await this.queue(queue);
    await this.#exchange(exchange, 'direct');
    for (const key of keys)
      await this.#admin.run(`bind queue '${queue}'`, async (channel) => channel.bindQueue(queue, exchange, key));
  }

  /** A durable queue of the type that was chosen. */
  async queue(queue: string, more: Arguments = {}): Promise<void> {
    await this.declareQueue(queue, { durable: true, arguments: { ...this.#typeArguments(), ...more } });
  }

  /** A stream bound to a destination's partition. */
  async stream(stream: string, more: Arguments = {}): Promise<void> {
    await this.declareQueue(stream, { durable: true, arguments: { 'x-queue-type': 'stream', ...more } });
  }

  async bindStream(stream: string, destination: string, partition: number, partitions: number): Promise<void> {
    await this.#bind(stream, destination, this.#names.bindingKey(destination, partition, partitions));
  }

  /** Declares a queue; where there is one with other attributes it stays, and the difference is remembered. */
  async declareQueue(queue: string, options: Options.AssertQueue): Promise<void> {
    // A server says of a queue that it is there while another declaration of it is still making it, and then fails who uses it.
    const before = this.#declaring.get(queue);
    const declaring = (before ?? Promise.resolve()).catch(() => undefined).then(async () => this.#declareQueue(queue, options));
    this.#declaring.set(queue, declaring);
    try {
      await declaring;
    } finally {
      if (this.#declaring.get(queue) === declaring) this.#declaring.delete(queue);
    }
  }

  async #declareQueue(queue: string, options: Options.AssertQueue): Promise<void> {
    await this.#admin.run(`declare queue '${queue}'`, async (channel) => {
      // A refusal closes the channel, so that what follows it needs another.
      await channel.assertQueue(queue, options).catch(async (error: unknown) => {
        if (replyCodeOf(error) !== 406) throw error;
        this.#mismatches.set(queue, { object: `queue '${queue}'`, problem: problemOf(error) });
      });
    });
    if (this.#mismatches.has(queue)) await this.#admin.run(`use queue '${queue}'`, async (channel) => channel.checkQueue(queue));
  }

  async #exchange(exchange: string, type: 'topic' | 'direct'): Promise<void> {
    await this.#admin.run(`declare exchange '${exchange}'`, async (channel) => {
      await channel.assertExchange(exchange, type, { durable: true }).catch((error: unknown) => {
        if (replyCodeOf(error) !== 406) throw error;
        this.#mismatches.set(exchange, { object: `exchange '${exchange}'`, problem: problemOf(error) });
      });
    });
  }

  async #bind(queue: string, destination: string, key: string): Promise<void> {
    const exchange = this.#names.exchange(destination);
    const what = `bind queue '${queue}' to exchange '${exchange}'`;
    await this.#admin.run(what, async (channel) => channel.bindQueue(queue, exchange, key));
  }

  #deadLetterArguments(queue: string): Arguments {
    const { deadLetters, queueType } = this.#settings;
    if (deadLetters !== 'arguments' && deadLetters !== 'at-least-once') return {};
    const where = { 'x-dead-letter-exchange': this.#names.deadLetterExchange(), 'x-dead-letter-routing-key': queue };
    if (deadLetters === 'arguments' || queueType === 'classic') return where;
    return { ...where, 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
  }

  /** RabbitMQ 4 drops what came back 20 times from a quorum queue unless it is told not to. Attempts are counted by the portable layer. */
  #typeArguments(): Arguments {
    if (this.#settings.queueType === 'classic') return {};
    const isFour = Number(this.#admin.link.serverVersion.split('.')[0]) >= 4;
    return { 'x-queue-type': 'quorum', ...(isFour ? { 'x-delivery-limit': -1 } : {}) };
  }
}
