import type { Channel, ConsumeMessage } from 'amqplib';
import type { Delivery } from '@millrace/messaging/binder';
import type { Link } from '../client/link.ts';
import { raise } from '../errors.ts';
import { redeliveriesOf } from '../messages/decode.ts';
import { ownHeaders } from '../messages/properties.ts';
import { split } from '../messages/split.ts';
import { RabbitDelivery, Receipt } from './delivery.ts';
import { Subscription } from './subscription.ts';
import { Waiter } from './waiter.ts';

/** What is read, and how much of it at once. */
export interface ReaderPlace {
  readonly name: string;
  readonly label: string;
  readonly queues: readonly string[];
  readonly prefetch: number;
  readonly maxInFlight: number;
  readonly patienceMs: number;
  /** How long a delivery stays with its receiver without an extension; `undefined`: until it is settled. */
  readonly leaseMs?: number | undefined;
  partitionOf(queue: string, message: ConsumeMessage): number;
  prepare(): Promise<void>;
  isGone(): Promise<boolean>;
}

/** Messages of some queues, handed out on request and acknowledged one by one. */
export class QueueReader {
  readonly #place: ReaderPlace;
  readonly #subscription: Subscription;
  readonly #waiter: Waiter<RabbitDelivery>;
  readonly #buffers = new Map<number, RabbitDelivery[]>();
  readonly #held = new Set<RabbitDelivery>();
  readonly #delayed = new Set<RabbitDelivery>();
  readonly #paused = new Set<number>();
  #isPaused = false;
  #hoardTimer: NodeJS.Timeout | undefined;
  #nextOffset = Date.now() * 1000;
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(link: Link, place: ReaderPlace) {
    this.#place = place;
    this.#waiter = new Waiter(place.name);
    this.#subscription = new Subscription(link, {
      label: place.label,
      queues: place.queues,
      prefetch: place.prefetch,
      patienceMs: place.patienceMs,
      prepare: () => place.prepare(),
      isGone: () => place.isGone(),
      arrived: (channel, queue, message) => this.#arrived(channel, queue, message),
      lost: () => this.#lost(),
      failed: (error) => this.#failed(error),
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Messages that are in this process and not handed out. */
  get waiting(): number {
    return [...this.#buffers.values()].reduce((sum, each) => sum + each.length, this.#delayed.size);
  }

  /** Messages that are in this process and not settled. */
  get unsettled(): number {
    return this.waiting + this.#held.size;
  }

  start(): Promise<void> {
    return this.#subscription.start();
  }

  /** Messages that wait in these queues, and those that are here and not settled; `undefined` while nothing is consumed. */
  async backlog(queues: readonly string[]): Promise<number | undefined> {
    const ready = await this.#subscription.ready(queues);
    return ready === undefined ? undefined : ready + this.unsettled;
  }

  receive(max: number, waitMs?: number): Promise<readonly RabbitDelivery[]> {
    clearTimeout(this.#hoardTimer);
    this.#hoardTimer = undefined;
    this.#subscription.resume();
    const received = this.#waiter.wait(() => this.#take(max), waitMs);
    if (this.waiting > 0) this.#watchBuffer();
    return received;
  }

  ack(deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) {
      const ours = this.#own(delivery);
      if (ours.state === 'held') this.#settle(ours, 'done');
    }
    this.#waiter.wake();
    return Promise.resolve();
  }

  release(deliveries: readonly Delivery[], delayMs = 0): Promise<void> {
    for (const delivery of deliveries) {
      const ours = this.#own(delivery);
      if (ours.state !== 'held') continue;
      if (delayMs > 0) this.#delay(ours, delayMs);
      else this.#settle(ours, 'returned');
    }
    this.#waiter.wake();
    return Promise.resolve();
  }

  /** Renews leases; those that are returned were lost before. */
  extend<D extends Delivery>(deliveries: readonly D[]): readonly D[] {
    return deliveries.filter((delivery) => {
      const ours = this.#own(delivery);
      if (ours.state === 'held') this.#lease(ours);
      return ours.state !== 'held';
    });
  }

  pause(partitions?: readonly number[]): void {
    if (partitions === undefined) this.#isPaused = true;
    else for (const partition of partitions) this.#paused.add(partition);
  }

  resume(partitions?: readonly number[]): void {
    if (partitions !== undefined) for (const partition of partitions) this.#paused.delete(partition);
    else {
      this.#isPaused = false;
      this.#paused.clear();
    }
    this.#waiter.wake();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#hoardTimer);
    this.#waiter.wake();
    await this.#subscription.close();
    this.#lost();
  }

  #arrived(channel: Channel, queue: string, message: ConsumeMessage): void {
    const partition = this.#place.partitionOf(queue, message);
    const parts = split(message, { isCommand: this.#place.leaseMs !== undefined });
    const receipt = new Receipt(channel, message, parts.length);
    const buffer = this.#buffers.get(partition) ?? [];
    this.#buffers.set(partition, buffer);
    const redeliveries = redeliveriesOf(message);
    for (const part of parts) {
      const offset = this.#nextOffset++;
      buffer.push(new RabbitDelivery(part, receipt, { partition, offset, redeliveries, id: idOf(message, offset) }));
    }
    this.#waiter.wake();
    if (buffer.length > 0) this.#watchBuffer();
  }

  #take(max: number): RabbitDelivery[] | undefined {
    if (this.#isClosed) return [];
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#isPaused) return undefined;
    const out: RabbitDelivery[] = [];
    let room = Math.min(max, this.#place.maxInFlight - this.#held.size);
    for (const [partition, buffer] of this.#buffers) {
      if (this.#paused.has(partition)) continue;
      for (; room > 0 && buffer.length > 0; room -= this.#handOut(buffer.shift()!, out));
    }
    // The partition that came first this time comes last the next.
    this.#rotate();
    return out.length > 0 ? out : undefined;
  }

  #handOut(delivery: RabbitDelivery, out: RabbitDelivery[]): number {
    if (hasExpired(delivery)) {
      delivery.receipt.end('done');
      return 0;
    }
    delivery.state = 'held';
    this.#held.add(delivery);
    this.#lease(delivery);
    out.push(delivery);
    return 1;
  }

  #rotate(): void {
    const [first] = this.#buffers;
    if (first === undefined || this.#buffers.size < 2) return;
    this.#buffers.delete(first[0]);
    this.#buffers.set(...first);
  }

  #lease(delivery: RabbitDelivery): void {
    const { leaseMs } = this.#place;
    if (leaseMs === undefined) return;
    clearTimeout(delivery.timer);
    delivery.timer = setTimeout(() => void this.#leaseEnded(delivery), leaseMs);
    delivery.timer.unref();
  }

  /** Whoever let a lease end may be stuck: unless somebody waits here, the command must not come back to this consumer. */
  async #leaseEnded(delivery: RabbitDelivery): Promise<void> {
    this.#forget(delivery);
    await this.#stopHoarding();
    delivery.receipt.end('returned');
  }

  /** Gives back what nobody asks for, and takes nothing until somebody does. */
  async #stopHoarding(): Promise<void> {
    if (this.#waiter.isWaiting || this.#isClosed) return;
    await this.#subscription.suspend();
    for (const buffer of this.#buffers.values()) for (const delivery of buffer.splice(0)) this.#settle(delivery, 'returned');
    if (this.#waiter.isWaiting) this.#subscription.resume();
  }

  /** What is not asked for within a lease goes to others. */
  #watchBuffer(): void {
    const { leaseMs } = this.#place;
    if (leaseMs === undefined || this.#hoardTimer !== undefined || this.#waiter.isWaiting) return;
    this.#hoardTimer = setTimeout(() => {
      this.#hoardTimer = undefined;
      void this.#stopHoarding();
    }, leaseMs);
    this.#hoardTimer.unref();
  }

  #delay(delivery: RabbitDelivery, delayMs: number): void {
    clearTimeout(delivery.timer);
    this.#held.delete(delivery);
    this.#delayed.add(delivery);
    delivery.state = 'delayed';
    delivery.timer = setTimeout(() => this.#settle(delivery, 'returned'), delayMs);
  }

  #settle(delivery: RabbitDelivery, how: 'done' | 'returned'): void {
    this.#forget(delivery);
    delivery.receipt.end(how);
  }

  #forget(delivery: RabbitDelivery): void {
    clearTimeout(delivery.timer);
    delivery.state = 'over';
    this.#held.delete(delivery);
    this.#delayed.delete(delivery);
  }

  /** The server gives out again what it gave us on a channel that ended. */
  #lost(): void {
    for (const delivery of [...this.#held, ...this.#delayed]) this.#forget(delivery);
    for (const buffer of this.#buffers.values()) for (const delivery of buffer.splice(0)) delivery.state = 'over';
    this.#waiter.wake();
  }

  #failed(error: unknown): void {
    this.#failure ??= { error };
    this.#waiter.wake();
  }

  #own(delivery: Delivery): RabbitDelivery {
    if (delivery instanceof RabbitDelivery) return delivery;
    throw raise('FOREIGN_DELIVERY', { source: this.#place.name });
  }
}

function idOf(message: ConsumeMessage, offset: number): string {
  const { messageId } = message.properties as { readonly messageId: unknown };
  return typeof messageId === 'string' ? messageId : String(offset);
}

function hasExpired({ receipt }: RabbitDelivery): boolean {
  const expiresAt = receipt.message.properties.headers?.[ownHeaders.expiresAt] as unknown;
  return typeof expiresAt === 'number' && expiresAt <= Date.now();
}
