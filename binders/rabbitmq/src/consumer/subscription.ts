import type { Channel, ConsumeMessage } from 'amqplib';
import { closeChannel, openChannel } from '../client/admin.ts';
import { isConnectionFault } from '../client/faults.ts';
import type { Link } from '../client/link.ts';
import { sleep, within } from '../client/patience.ts';
import { translate } from '../client/translate.ts';
import { raise } from '../errors.ts';

/** What a subscription reads and whom it tells. */
export interface SubscriptionPlace {
  /** For error messages: `group 'g' of 'orders'`. */
  readonly label: string;
  readonly queues: readonly string[];
  readonly prefetch: number;
  readonly patienceMs: number;
  /** Makes the queues where they are missing. */
  prepare(): Promise<void>;
  /** Whether the queues were deleted on purpose, so that there is nothing to go on with. */
  isGone(): Promise<boolean>;
  arrived(channel: Channel, queue: string, message: ConsumeMessage): void;
  /** What was received and not settled is not ours any more. */
  lost(): void;
  failed(error: unknown): void;
}

const retryMs = 100;

/** Consumers on some queues, on one channel, which come back by themselves after the connection, the channel or the queue was lost. */
export class Subscription {
  readonly #link: Link;
  readonly #place: SubscriptionPlace;
  #channel: Channel | undefined;
  #tags: string[] = [];
  #isClosed = false;
  #isSuspended = false;
  #isUp = false;
  #recovering: Promise<void> | undefined;

  constructor(link: Link, place: SubscriptionPlace) {
    this.#link = link;
    this.#place = place;
  }

  /** Begins to consume. Later failures are mended, or told by `failed`. */
  async start(): Promise<void> {
    const deadline = performance.now() + this.#place.patienceMs;
    for (;;) {
      try {
        await this.#subscribe();
        return;
      } catch (error) {
        if (!isConnectionFault(error) || performance.now() > deadline) throw this.#error(error);
        await sleep(retryMs);
      }
    }
  }

  /** Takes no more messages until {@link resume}; what is not settled stays ours. */
  async suspend(): Promise<void> {
    this.#isSuspended = true;
    const [channel, tags] = [this.#channel, this.#tags.splice(0)];
    if (channel === undefined) return;
    const ending = (async () => {
      for (const tag of tags) await channel.cancel(tag);
    })();
    // A channel that ends instead has given everything back.
    await within(ending, this.#place.patienceMs, () => this.#slow('stop consuming')).catch(() => undefined);
  }

  /** Takes messages again after {@link suspend}. */
  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    const channel = this.#channel;
    if (channel === undefined) return;
    // Where this fails the channel ends, which brings everything back.
    this.#consume(channel).catch(() => void closeChannel(channel));
  }

  /** Messages in these queues that nobody was given; all that we were given by then has arrived. `undefined` without a channel. */
  async ready(queues: readonly string[]): Promise<number | undefined> {
    const channel = this.#channel;
    if (channel === undefined || !this.#isUp) return undefined;
    const counting = (async () => {
      // A message that left a queue before the first answer was sent to us before the second.
      const first = await Promise.all(queues.map(async (queue) => channel.checkQueue(queue)));
      await channel.checkQueue(queues[0]!);
      return first.reduce((sum, { messageCount }) => sum + messageCount, 0);
    })();
    try {
      return await within(counting, this.#place.patienceMs, () => this.#slow('count messages'));
    } catch (error) {
      // Without its channel it is found out, and told, by what recovers it.
      if (this.#isCurrent(channel)) throw this.#error(error);
      return undefined;
    }
  }

  /** Stops in the order that loses no acknowledgement: the consumers, then the channel. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const channel = this.#channel;
    this.#channel = undefined;
    await this.#recovering;
    if (channel === undefined || this.#link.model === undefined) return;
    const ending = (async () => {
      for (const tag of this.#tags) await channel.cancel(tag);
    })();
    // Where the channel is gone already, its acknowledgements are, too; the server gives those messages out again.
    await within(ending, this.#place.patienceMs, () => this.#slow('stop consuming')).catch(() => undefined);
    await within(closeChannel(channel), this.#place.patienceMs, () => this.#slow('close a channel')).catch(() => undefined);
  }

  async #subscribe(): Promise<void> {
    const { prefetch, patienceMs } = this.#place;
    await this.#place.prepare();
    const channel = await openChannel(this.#link, patienceMs);
    if (this.#isClosed) return closeChannel(channel);
    let problem: unknown;
    channel.on('error', (error) => (problem = error));
    channel.once('close', () => this.#ended(channel, problem));
    this.#channel = channel;
    this.#isUp = false;
    try {
      await channel.prefetch(prefetch);
      if (!this.#isSuspended) await within(this.#consume(channel), patienceMs, () => this.#slow('begin to consume'));
      if (!this.#isCurrent(channel)) throw new Error('channel closed');
      this.#isUp = true;
    } catch (error) {
      if (this.#isCurrent(channel)) this.#channel = undefined;
      this.#place.lost();
      await closeChannel(channel);
      throw problem ?? error;
    }
  }

  #isCurrent(channel: Channel): boolean {
    return this.#channel === channel;
  }

  async #consume(channel: Channel): Promise<void> {
    const consuming = this.#place.queues.map(async (queue) => {
      const take = (message: ConsumeMessage | null): void => {
        if (this.#channel !== channel) return;
        if (message === null) this.#ended(channel, undefined, true);
        else this.#place.arrived(channel, queue, message);
      };
      return (await channel.consume(queue, take)).consumerTag;
    });
    this.#tags = await Promise.all(consuming);
  }

  /** The channel is of no more use: an acknowledgement on one whose consumer was cancelled by the server would end it anyway. */
  #ended(channel: Channel, problem: unknown, wasCancelled = false): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#place.lost();
    // Whoever is beginning to consume on it finds that out, and tries again.
    if (this.#isClosed || !this.#isUp) return;
    this.#isUp = false;
    if (wasCancelled) void closeChannel(channel);
    this.#recovering ??= this.#recover(wasCancelled, problem).finally(() => (this.#recovering = undefined));
  }

  async #recover(wasCancelled: boolean, problem: unknown): Promise<void> {
    let refusedSince: number | undefined;
    for (let mayBeGone = wasCancelled; !this.#isClosed; mayBeGone = true) {
      try {
        await this.#link.ready(this.#place.patienceMs);
        if (mayBeGone && (await this.#place.isGone()))
          return this.#place.failed(raise('DESTINATION_GONE', { destination: this.#place.label }));
        await this.#subscribe();
        return;
      } catch (error) {
        if (this.#isClosed) return;
        // A server that comes back refuses much at first; what it refuses for long it refuses for good.
        if (isConnectionFault(error) || this.#link.model === undefined) refusedSince = undefined;
        else refusedSince ??= performance.now();
        if (refusedSince !== undefined && performance.now() - refusedSince > this.#place.patienceMs)
          return this.#place.failed(this.#error(error ?? problem));
        await sleep(retryMs);
      }
    }
  }

  #slow(what: string): Error {
    return raise('TOO_SLOW', { what: `${what} for ${this.#place.label}`, waitedMs: this.#place.patienceMs });
  }

  #error(error: unknown): Error {
    return translate(error, `consume for ${this.#place.label}`, this.#link.addressText);
  }
}
