import type { Headers, QueueConsumer, QueueConsumerOptions, QueueDelivery, Reply } from '@millrace/messaging/binder';
import { commandIdOf } from '../records/command-records.ts';
import { raise } from '../errors.ts';
import { RecordSource } from '../records/record-source.ts';
import { RecordView } from '../records/records.ts';
import { maxFrameBytes } from '../wire/frame.ts';
import { leaseRuns } from '../wire/leases.ts';
import type { Lease, LeaseRun } from '../wire/leases.ts';
import type { Answered } from '../wire/protocol.ts';
import type { Client } from './client.ts';
import { newId } from './client.ts';
import { encodeReplies } from './encoding.ts';
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

  constructor(input: RecordSource, base: number, first: number, { offset, lease }: Lease, redeliveries: number) {
    super(input, base, first);
    this.offset = offset;
    this.redeliveries = redeliveries;
    this.lease = lease;
  }

  override get headers(): Headers {
    this.#headers ??= super.headers;
    return this.#headers;
  }

  get id(): string {
    this.#id ??= commandIdOf(this.attributesReader!);
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
  readonly #settling = new Set<readonly LeasedCommand[]>();
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

  async finish(deliveries: readonly QueueDelivery[], replies: readonly Reply[]): Promise<void> {
    const encoded = encodeReplies(replies, this.#client.clock.now());
    const { length } = encoded.bytes;
    // Before anything is let go, so that it can still be acknowledged without its replies.
    if (length > maxFrameBytes / 2) throw raise('MESSAGE_TOO_LARGE', { size: length, limit: maxFrameBytes / 2 });
    await this.#settle(deliveries, (items) =>
      this.#client.link.call('queue.ack', { consumer: this.#id, items, replies: encoded.meta }, [encoded.bytes]),
    );
  }

  async release(deliveries: readonly QueueDelivery[], delayMs = 0): Promise<void> {
    const { link } = this.#client;
    await this.#settle(deliveries, (items) => link.call('queue.release', { consumer: this.#id, items, delayMs }));
  }

  async extend(deliveries: readonly QueueDelivery[]): Promise<readonly QueueDelivery[]> {
    const items = leaseRuns(deliveries.map((delivery) => this.#own(delivery)));
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
    const held = leaseRuns([...this.#held.values(), ...[...this.#settling].flat()]);
    await link.call('queue.join', { consumer: this.#id, queue: this.queue, leaseMs, held });
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
    let [at, item, taken] = [0, 0, 0];
    for (const { base, first, length } of meta.runs) {
      const input = new RecordSource(body, at, at + length);
      while (input.position < input.end) {
        const [offset, lease, count, redeliveries] = meta.items[item]!;
        const command = new LeasedCommand(input, base, first, { offset: offset + taken, lease: lease + taken }, redeliveries);
        this.#held.set(command.offset, command);
        this.#arrived.push(command);
        if (++taken === count) [item, taken] = [item + 1, 0];
      }
      at += length;
    }
  }

  async #settle(deliveries: readonly QueueDelivery[], settle: (items: readonly LeaseRun[]) => Promise<unknown>): Promise<void> {
    const commands = this.#letGo(deliveries);
    if (commands.length === 0) return;
    this.#settling.add(commands);
    try {
      await settle(leaseRuns(commands));
    } finally {
      this.#settling.delete(commands);
    }
  }

  /** Ends deliveries here; those whose lease was lost since are left out. */
  #letGo(deliveries: readonly QueueDelivery[]): LeasedCommand[] {
    const commands: LeasedCommand[] = [];
    for (const delivery of deliveries) {
      const command = this.#own(delivery);
      if (this.#held.get(command.offset) !== command) continue;
      this.#held.delete(command.offset);
      commands.push(command);
    }
    this.#waiter.wake();
    return commands;
  }

  #own(delivery: QueueDelivery): LeasedCommand {
    if (delivery instanceof LeasedCommand) return delivery;
    throw raise('FOREIGN_DELIVERY', { source: this.queue });
  }
}
