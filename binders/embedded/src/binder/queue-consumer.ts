import type { Headers, QueueConsumer, QueueConsumerOptions, QueueDelivery } from '@millrace/messaging/binder';
import { decodeQueueRecord } from '../records/command-records.ts';
import { raise } from '../errors.ts';
import { RecordSource } from '../records/record-source.ts';
import { RecordView } from '../records/records.ts';
import type { Answered, Leased, QueueItem } from '../wire/protocol.ts';
import type { Client } from './client.ts';
import { newId } from './client.ts';
import type { Link } from './link.ts';
import { Waiter } from './waiter.ts';

const defaultInFlight = 100;
const defaultLeaseMs = 30_000;

/** A command under a lease. */
class LeasedCommand extends RecordView implements QueueDelivery {
  /** Its identity in the queue, wherever its record lies now. */
  override readonly offset: number;
  readonly partition = 0;
  readonly redeliveries: number;
  readonly lease: number;
  #headers: Headers | undefined;
  #id: string | undefined;

  constructor(input: RecordSource, base: number, first: number, item: QueueItem) {
    super(input, base, first);
    this.offset = item.offset;
    this.redeliveries = item.redeliveries;
    this.lease = item.lease;
  }

  override get headers(): Headers {
    this.#headers ??= super.headers;
    return this.#headers;
  }

  get id(): string {
    if (this.#id === undefined) {
      const command = decodeQueueRecord(this.attributes!);
      this.#id = command.kind === 'command' ? command.id : '';
    }
    return this.#id;
  }
}

/** A competing consumer: asks for commands only when somebody waits for them, so that none ages in a buffer. */
export class EmbeddedQueueConsumer implements QueueConsumer {
  readonly queue: string;
  readonly #id = newId();
  readonly #client: Client;
  readonly #options: QueueConsumerOptions;
  readonly #waiter: Waiter<LeasedCommand>;
  readonly #held = new Map<number, LeasedCommand>();
  /** Being acknowledged or released: still leased to us should the connection be lost meanwhile. */
  readonly #settling = new Set<Leased>();
  #arrived: LeasedCommand[] = [];
  #polling = false;
  /** Whether the broker was asked since the caller began to wait. */
  #wasPolled = false;
  #failure: unknown;
  #closed = false;
  #closing: Promise<void> | undefined;
  #stopRenewal: () => void = () => undefined;

  private constructor(client: Client, queue: string, options: QueueConsumerOptions) {
    this.#client = client;
    this.queue = queue;
    this.#options = options;
    this.#waiter = new Waiter(client.clock, queue);
  }

  static async attach(client: Client, queue: string, options: QueueConsumerOptions): Promise<EmbeddedQueueConsumer> {
    const consumer = new EmbeddedQueueConsumer(client, queue, options);
    await consumer.#join(client.link);
    consumer.#stopRenewal = client.link.onRenewed({
      attach: (link) => consumer.#join(link),
      failed: (error) => consumer.#fail(error),
    });
    options.signal?.addEventListener('abort', () => void consumer.#closeQuietly(), { once: true });
    return consumer;
  }

  async receive(max: number, waitMs?: number): Promise<readonly QueueDelivery[]> {
    const { clock } = this.#client;
    this.#wasPolled = false;
    const deadline = waitMs === undefined ? Infinity : clock.monotonic() + waitMs;
    const received = this.#waiter.wait(() => this.#take(max, deadline), undefined);
    const timer = waitMs === undefined ? undefined : clock.after(waitMs, () => this.#waiter.wake());
    try {
      return await received;
    } finally {
      timer?.cancel();
    }
  }

  async ack(deliveries: readonly QueueDelivery[]): Promise<void> {
    await this.#settle(deliveries, (items) => this.#client.link.call('queue.ack', { consumer: this.#id, items }));
  }

  async release(deliveries: readonly QueueDelivery[], delayMs = 0): Promise<void> {
    const { link } = this.#client;
    await this.#settle(deliveries, (items) => link.call('queue.release', { consumer: this.#id, items, delayMs }));
  }

  async extend(deliveries: readonly QueueDelivery[]): Promise<readonly QueueDelivery[]> {
    const items = deliveries.map((delivery) => leased(this.#own(delivery)));
    if (items.length === 0) return [];
    const { meta } = await this.#client.link.call('queue.extend', { consumer: this.#id, items });
    const lost = new Set(meta.lost);
    return deliveries.filter((delivery) => {
      const command = this.#own(delivery);
      const isLost = lost.has(command.offset);
      if (isLost && this.#held.get(command.offset) === command) this.#held.delete(command.offset);
      return isLost;
    });
  }

  async depth(): Promise<number> {
    const { meta } = await this.#client.link.call('queue.depth', { queue: this.queue });
    return meta.depth;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Nobody awaits it: what goes wrong is told to who receives next. */
  async #closeQuietly(): Promise<void> {
    try {
      await this.close();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#stopRenewal();
    this.#waiter.wake();
    if (this.#failure !== undefined) return;
    const unseen = this.#arrived.map(({ offset }) => offset);
    await this.#client.link.call('queue.leave', { consumer: this.#id, unseen });
  }

  async #join(link: Link): Promise<void> {
    const { leaseMs = defaultLeaseMs } = this.#options;
    const held = [...Array.from(this.#held.values(), leased), ...this.#settling];
    const { signal } = this.#options;
    await link.call('queue.join', { consumer: this.#id, queue: this.queue, leaseMs, held }, [], { signal });
  }

  #take(max: number, deadline: number): LeasedCommand[] | undefined {
    if (this.#closed) return [];
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#arrived.length > 0) return this.#arrived.splice(0, max);
    // While a poll is under way its answer decides, lest it brings commands that nobody waits for.
    if (this.#polling) return undefined;
    const waitMs = deadline - this.#client.clock.monotonic();
    const room = Math.min(max, (this.#options.maxInFlight ?? defaultInFlight) - this.#held.size);
    if (waitMs <= 0 && (this.#wasPolled || room <= 0)) return [];
    if (room > 0) void this.#poll(room, waitMs === Infinity ? undefined : Math.max(0, waitMs));
    return undefined;
  }

  async #poll(max: number, waitMs: number | undefined): Promise<void> {
    this.#polling = true;
    const maxBytes = this.#client.limits.readAheadBytes;
    try {
      this.#accept(await this.#client.link.call('queue.poll', { consumer: this.#id, max, maxBytes, waitMs }));
    } catch (error) {
      this.#fail(error);
    }
    this.#polling = false;
    this.#wasPolled = true;
    this.#waiter.wake();
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#failure = error;
    this.#waiter.wake();
  }

  #accept({ meta, body }: Answered<'queue.poll'>): void {
    let [at, next] = [0, 0];
    for (const { base, first, length } of meta.runs) {
      const input = new RecordSource(body, at, at + length);
      while (input.position < input.end) {
        const command = new LeasedCommand(input, base, first, meta.items[next++]!);
        this.#held.set(command.offset, command);
        this.#arrived.push(command);
      }
      at += length;
    }
  }

  async #settle(deliveries: readonly QueueDelivery[], settle: (items: readonly Leased[]) => Promise<unknown>): Promise<void> {
    const items = this.#letGo(deliveries);
    if (items.length === 0) return;
    for (const item of items) this.#settling.add(item);
    try {
      await settle(items);
    } finally {
      for (const item of items) this.#settling.delete(item);
    }
  }

  /** Ends deliveries here; those whose lease was lost since are left out. */
  #letGo(deliveries: readonly QueueDelivery[]): Leased[] {
    const items: Leased[] = [];
    for (const delivery of deliveries) {
      const command = this.#own(delivery);
      if (this.#held.get(command.offset) !== command) continue;
      this.#held.delete(command.offset);
      items.push(leased(command));
    }
    this.#waiter.wake();
    return items;
  }

  #own(delivery: QueueDelivery): LeasedCommand {
    if (delivery instanceof LeasedCommand) return delivery;
    throw raise('foreignDelivery', { source: this.queue });
  }
}

function leased({ offset, lease }: LeasedCommand): Leased {
  return [offset, lease];
}
