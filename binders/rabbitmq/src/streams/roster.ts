import type { Channel, ConsumeMessage } from 'amqplib';
import { closeChannel, openChannel } from '../client/admin.ts';
import type { Admin } from '../client/admin.ts';
import { sleep } from '../client/patience.ts';
import type { Publisher } from '../producer/publisher.ts';

/** What members of a group tell each other. */
export type Notice = { readonly from: string } & (
  | { readonly is: 'here'; readonly owned: readonly number[]; readonly asks?: boolean | undefined }
  | { readonly is: 'gone' }
  | { readonly is: 'move'; readonly id: string; readonly partition: number; readonly offset: number }
  | { readonly is: 'moved'; readonly id: string }
);
type NoticeBody = Notice extends infer N ? (N extends unknown ? Omit<N, 'from'> : never) : never;

/** Someone who hears what is said in a group. */
export interface Listener {
  readonly id: string;
  heard(notice: Notice): void;
  /** Notices may have been missed. */
  reconnected(): void;
}

const exchange = 'millrace.members';
const retryMs = 200;

/** Carries notices between the members of groups, in all processes. They may be lost; whoever needs an answer asks again. */
export class Roster {
  readonly #admin: Admin;
  readonly #publisher: Publisher;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #up = (): void => void this.#reopen();
  #channel: Channel | undefined;
  #queue = '';
  #opening: Promise<void> | undefined;
  #isClosed = false;

  constructor(admin: Admin, publisher: Publisher) {
    this.#admin = admin;
    this.#publisher = publisher;
  }

  async join(group: string, listener: Listener): Promise<void> {
    await (this.#opening ??= this.#start());
    const listeners = this.#listeners.get(group) ?? new Set();
    this.#listeners.set(group, listeners);
    listeners.add(listener);
    if (listeners.size === 1) await this.#channel?.bindQueue(this.#queue, exchange, group);
  }

  async leave(group: string, listener: Listener): Promise<void> {
    const listeners = this.#listeners.get(group);
    listeners?.delete(listener);
    if (listeners?.size !== 0) return;
    this.#listeners.delete(group);
    // What still comes finds nobody; a channel that ended has no bindings.
    await this.#channel?.unbindQueue(this.#queue, exchange, group).catch(() => undefined);
  }

  /** Tells all others in the group, those in this process at once. */
  tell(group: string, from: string, body: NoticeBody): void {
    const notice = { from, ...body } as Notice;
    this.#hear(group, notice);
    const options = { persistent: false, mandatory: false, expiration: '10000', contentType: 'application/json' };
    const content = Buffer.from(JSON.stringify({ process: this.#queue, ...notice }));
    // Lost notices are made good by the next; whether this one arrived is of no interest.
    void this.#publisher.publish({ exchange, routingKey: group, destination: exchange }, { content, options });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#admin.link.off('up', this.#up);
    if (this.#channel !== undefined) await closeChannel(this.#channel);
  }

  async #start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
    this.#admin.link.on('up', this.#up);
  }

  async #open(): Promise<void> {
    const { link, patienceMs } = this.#admin;
    const channel = await openChannel(link, patienceMs);
    await channel.assertExchange(exchange, 'direct', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
    for (const group of this.#listeners.keys()) await channel.bindQueue(queue, exchange, group);
    await channel.consume(queue, (message) => this.#take(message), { noAck: true });
    channel.once('close', () => {
      if (this.#channel === channel && link.model !== undefined) void this.#reopen();
    });
    this.#channel = channel;
    this.#queue = queue;
  }

  async #reopen(): Promise<void> {
    while (!this.#isClosed && this.#admin.link.model !== undefined) {
      try {
        await this.#open();
        for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.reconnected();
        return;
      } catch {
        // The server is not ready yet; members go on without notices until it is.
        await sleep(retryMs);
      }
    }
  }

  #take(message: ConsumeMessage | null): void {
    if (message === null) return;
    const { process, ...notice } = JSON.parse(String(message.content)) as Notice & { readonly process: string };
    if (process !== this.#queue) this.#hear(message.fields.routingKey, notice);
  }

  #hear(group: string, notice: Notice): void {
    for (const listener of this.#listeners.get(group) ?? []) if (listener.id !== notice.from) listener.heard(notice);
  }
}
