import type { InboundMessage, ReplySource } from '@millrace/messaging/binder';
import type { Client } from './client.ts';
import { newId } from './client.ts';
import type { Link } from './link.ts';
import { storedMessages } from './stored-message.ts';
import type { StoredMessage } from './stored-message.ts';
import { Waiter } from './waiter.ts';

/** A return address: replies are fetched as they come, within bounds. */
export class Replies implements ReplySource {
  readonly address = newId();
  readonly #client: Client;
  readonly #waiter: Waiter<InboundMessage>;
  #arrived: StoredMessage[] = [];
  #polling = false;
  #failure: unknown;
  #closed = false;
  #closing: Promise<void> | undefined;
  #stopRenewal: () => void = () => undefined;

  private constructor(client: Client) {
    this.#client = client;
    this.#waiter = new Waiter(client.clock, 'replies');
  }

  static async open(client: Client): Promise<Replies> {
    const replies = new Replies(client);
    await replies.#register(client.link);
    replies.#stopRenewal = client.link.onRenewed({
      attach: (link) => replies.#register(link),
      failed: (error) => replies.#fail(error),
    });
    return replies;
  }

  receive(max: number, waitMs?: number): Promise<readonly InboundMessage[]> {
    return this.#waiter.wait(() => this.#take(max), waitMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#stopRenewal();
    this.#waiter.wake();
    if (this.#failure === undefined) await this.#client.link.call('reply.close', { address: this.address });
  }

  async #register(link: Link): Promise<void> {
    await link.call('reply.open', { address: this.address });
  }

  #take(max: number): readonly InboundMessage[] | undefined {
    if (this.#closed) return [];
    if (this.#failure !== undefined) throw this.#failure;
    const taken = this.#arrived.splice(0, max);
    if (this.#arrived.length === 0 && !this.#polling) void this.#poll();
    return taken.length > 0 ? taken : undefined;
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    try {
      const ask = { address: this.address, max: 1000, waitMs: undefined };
      const { meta, body } = await this.#client.link.call('reply.poll', ask);
      this.#arrived.push(...storedMessages(meta.runs, body, 0));
    } catch (error) {
      this.#fail(error);
    }
    this.#polling = false;
    this.#waiter.wake();
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#failure = error;
    this.#waiter.wake();
  }
}
