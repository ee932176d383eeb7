import type { Channel } from 'amqplib';
import { raise } from '../errors.ts';
import { isTransient } from './faults.ts';
import type { Link } from './link.ts';
import { sleep, within } from './patience.ts';
import { translate } from './translate.ts';

const mostChannels = 8;
const retryMs = 50;

/** Channels for questions and declarations: one operation has one to itself, since an error closes it. */
export class Admin {
  readonly #link: Link;
  readonly #patienceMs: number;
  readonly #waiting: (() => void)[] = [];
  readonly #closed = new WeakSet<Channel>();
  #idle: Channel[] = [];
  #busy = 0;

  constructor(link: Link, patienceMs: number) {
    this.#link = link;
    this.#patienceMs = patienceMs;
    link.on('down', () => (this.#idle = []));
  }

  get link(): Link {
    return this.#link;
  }

  get patienceMs(): number {
    return this.#patienceMs;
  }

  /**
   * Runs `work`, which must be safe to repeat: it is when the connection is lost. `what` names it as an infinitive. Rejects with an
   * error of this binder, at the latest after the patience that was set.
   */
  async run<T>(what: string, work: (channel: Channel) => Promise<T>): Promise<T> {
    try {
      return await this.attempt(what, work);
    } catch (error) {
      throw translate(error, what, this.#link.addressText);
    }
  }

  /** As {@link run}, but rejects with the client library's own errors where the server answered with one. */
  async attempt<T>(what: string, work: (channel: Channel) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#patienceMs;
    await this.#turn();
    try {
      for (;;) {
        try {
          return await this.#once(what, work, deadline);
        } catch (error) {
          if (!isTransient(error) || performance.now() > deadline) throw error;
          await sleep(retryMs);
        }
      }
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  async #once<T>(what: string, work: (channel: Channel) => Promise<T>, deadline: number): Promise<T> {
    const late = () => raise('TOO_SLOW', { what, waitedMs: this.#patienceMs });
    const channel = this.#idle.pop() ?? (await within(this.#open(deadline), deadline - performance.now(), late));
    let isUsable = true;
    try {
      return await within(work(channel), deadline - performance.now(), () => {
        // An answer that comes yet must not be taken for that to a later question.
        isUsable = false;
        void closeChannel(channel);
        return late();
      });
    } finally {
      if (isUsable && !this.#closed.has(channel)) this.#idle.push(channel);
    }
  }

  async #open(deadline: number): Promise<Channel> {
    const channel = await openChannel(this.#link, deadline - performance.now());
    channel.once('close', () => {
      this.#closed.add(channel);
      this.#idle = this.#idle.filter((each) => each !== channel);
    });
    return channel;
  }

  async #turn(): Promise<void> {
    while (this.#busy >= mostChannels) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy++;
  }
}

/** A channel that ends the process neither by an error nor by a late answer. */
export async function openChannel(link: Link, ms: number): Promise<Channel> {
  const model = await link.ready(ms);
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  return channel;
}

/** Closes a channel, which may be closed already. */
export async function closeChannel(channel: Channel): Promise<void> {
  try {
    await channel.close();
  } catch {
    // It was closed before: by the server, or with its connection.
  }
}
