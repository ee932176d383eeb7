import type { Channel, ConsumeMessage } from 'amqplib';
import { randomUUID } from 'node:crypto';
import type { InboundMessage, ReplySource } from '@millrace/messaging/binder';
import { closeChannel, openChannel } from '../client/admin.ts';
import type { Admin } from '../client/admin.ts';
import { sleep, within } from '../client/patience.ts';
import { translate } from '../client/translate.ts';
import { Waiter } from '../consumer/waiter.ts';
import { raise } from '../errors.ts';
import { decode } from '../messages/decode.ts';

const pseudoQueue = 'amq.rabbitmq.reply-to';

/**
 * Where replies to this process go: RabbitMQ's direct reply-to, which needs no queue, or a queue of the connection where that is refused.
 * After a lost connection it is a new one; replies to the old one are lost.
 */
export class ReplyAddress implements ReplySource {
  readonly #admin: Admin;
  readonly #waiter = new Waiter<InboundMessage>('replies');
  readonly #up = (): void => void this.#reopen();
  #arrived: InboundMessage[] = [];
  #channel: Channel | undefined;
  #address = '';
  #reopening: Promise<void> | undefined;
  #isClosed = false;

  constructor(admin: Admin) {
    this.#admin = admin;
  }

  get address(): string {
    return this.#address;
  }

  async open(): Promise<void> {
    const { link, patienceMs } = this.#admin;
    try {
      await within(this.#open(), patienceMs, () =>
        raise('TOO_SLOW', { what: 'open an address for replies', waitedMs: patienceMs }),
      );
    } catch (error) {
      throw translate(error, 'open an address for replies', link.addressText);
    }
    link.on('up', this.#up);
  }

  receive(max: number, waitMs?: number): Promise<readonly InboundMessage[]> {
    const take = () => {
      if (this.#arrived.length > 0) return this.#arrived.splice(0, max);
      return this.#isClosed ? [] : undefined;
    };
    return this.#waiter.wait(take, waitMs);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#admin.link.off('up', this.#up);
    this.#arrived = [];
    this.#waiter.wake();
    if (this.#channel !== undefined) await closeChannel(this.#channel);
  }

  async #open(): Promise<void> {
    const { link, patienceMs } = this.#admin;
    const channel = await openChannel(link, patienceMs);
    channel.once('close', () => {
      if (this.#channel === channel && link.model !== undefined) void this.#reopen();
    });
    this.#channel = channel;
    const address = (await this.#direct(channel)) ?? (await this.#queue(channel));
    this.#address = address;
    if (this.#isClosed) await closeChannel(channel);
  }

  async #reopen(): Promise<void> {
    this.#reopening ??= (async () => {
      while (!this.#isClosed && this.#admin.link.model !== undefined) {
        try {
          return await this.#open();
        } catch {
          // The server is not ready yet, or the connection is lost again: then the next one brings us back here.
          await sleep(200);
        }
      }
    })().finally(() => (this.#reopening = undefined));
    await this.#reopening;
  }

  /** The server tells the address only to those that get a request, so a request is sent to ourselves. */
  async #direct(channel: Channel): Promise<string | undefined> {
    const probing = await openChannel(this.#admin.link, this.#admin.patienceMs);
    try {
      await channel.consume(pseudoQueue, (message) => this.#take(message), { noAck: true });
      const { queue } = await probing.assertQueue('', { exclusive: true, autoDelete: true });
      const asked = new Promise<ConsumeMessage | null>((resolve, reject) => {
        probing.consume(queue, resolve, { noAck: true }).catch(reject);
        channel.once('close', () => resolve(null));
      });
      channel.sendToQueue(queue, Buffer.alloc(0), { replyTo: pseudoQueue });
      const replyTo: unknown = (await asked)?.properties.replyTo;
      return typeof replyTo === 'string' ? replyTo : undefined;
    } finally {
      await closeChannel(probing);
    }
  }

  async #queue(channel: Channel): Promise<string> {
    const { queue } = await channel.assertQueue(`millrace.replies.${randomUUID()}`, { exclusive: true, autoDelete: true });
    await channel.consume(queue, (message) => this.#take(message), { noAck: true });
    return queue;
  }

  #take(message: ConsumeMessage | null): void {
    if (message === null || this.#isClosed) return;
    this.#arrived.push(decode(message));
    this.#waiter.wake();
  }
}
