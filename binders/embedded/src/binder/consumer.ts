import type { ConsumerBinding, ConsumerOptions, Delivery } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import type { Answered, GroupPollAnswer, Position } from '../wire/protocol.ts';
import type { Client } from './client.ts';
import { newId } from './client.ts';
import { LogDelivery, PartitionWindow } from './partition-window.ts';
import type { Link } from './link.ts';
import { Waiter } from './waiter.ts';

const defaultInFlight = 1000;

/** One member of a group: reads its partitions ahead within bounds and hands messages out as asked. */
export class Consumer implements ConsumerBinding {
  readonly destination: string;
  readonly id = newId();
  readonly #client: Client;
  readonly #options: ConsumerOptions;
  readonly #waiter: Waiter<LogDelivery>;
  readonly #windows = new Map<number, PartitionWindow>();
  readonly #pausedPartitions = new Set<number>();
  readonly #wantedGroup: string | undefined;
  #group = '';
  #allPaused = false;
  /** What the poll under way asks for; a new one takes its place when more is wanted. */
  #polled: ReadonlySet<number> | undefined;
  #pollNumber = 0;
  #failure: unknown;
  #closed = false;
  #closing: Promise<void> | undefined;
  #stopRenewal: () => void = () => undefined;

  private constructor(client: Client, destination: string, group: string | undefined, options: ConsumerOptions) {
    this.#client = client;
    this.destination = destination;
    this.#wantedGroup = group;
    this.#options = options;
    this.#waiter = new Waiter(client.clock, destination);
  }

  /** Attaches a consumer. */
  static async bind(client: Client, destination: string, group: string | undefined, options: ConsumerOptions): Promise<Consumer> {
    const consumer = new Consumer(client, destination, group, options);
    await consumer.#join(client.link);
    consumer.#stopRenewal = client.link.onRenewed({
      attach: (link) => consumer.#join(link),
      failed: (error) => consumer.#fail(error),
    });
    consumer.#pump();
    return consumer;
  }

  get group(): string {
    return this.#group;
  }

  receive(max: number, waitMs?: number): Promise<readonly Delivery[]> {
    return this.#waiter.wait(() => this.#take(max), waitMs);
  }

  async ack(deliveries: readonly Delivery[]): Promise<void> {
    const positions = this.acknowledge(deliveries);
    if (positions.length > 0) await this.#client.link.call('group.ack', { consumer: this.id, positions });
  }

  /**
   * Ends the deliveries here and returns the positions to be committed; those of partitions that are not ours any more are ignored.
   */
  acknowledge(deliveries: readonly Delivery[]): Position[] {
    const positions = [...this.#furthest(deliveries)].map(([window, offset]): Position => {
      window.acknowledged(offset + 1);
      return [window.partition, window.epoch, offset + 1];
    });
    this.#progress();
    return positions;
  }

  /** Where these deliveries end, also in partitions that are not ours any more. */
  positions(deliveries: readonly Delivery[]): Position[] {
    const last = new Map<PartitionWindow, number>();
    for (const delivery of deliveries) {
      const { window, offset } = this.#own(delivery);
      last.set(window, Math.max(offset, last.get(window) ?? -1));
    }
    return [...last].map(([{ partition, epoch }, offset]) => [partition, epoch, offset + 1]);
  }

  release(deliveries: readonly Delivery[], delayMs = 0): Promise<void> {
    const first = new Map<PartitionWindow, number>();
    for (const delivery of deliveries) {
      const { window, offset } = this.#own(delivery);
      if (window.state === 'active') first.set(window, Math.min(offset, first.get(window) ?? Infinity));
    }
    for (const [window, offset] of first) this.#rewind(window, offset, delayMs);
    this.#progress();
    return Promise.resolve();
  }

  pause(partitions?: readonly number[]): void {
    if (partitions === undefined) this.#allPaused = true;
    else for (const partition of partitions) this.#pausedPartitions.add(partition);
    this.#applyPauses();
  }

  resume(partitions?: readonly number[]): void {
    this.#allPaused = false;
    if (partitions === undefined) this.#pausedPartitions.clear();
    else for (const partition of partitions) this.#pausedPartitions.delete(partition);
    this.#applyPauses();
    this.#progress();
  }

  async lag(): Promise<number | undefined> {
    const { meta } = await this.#client.link.call('group.lag', { destination: this.destination, group: this.#group });
    return meta.lag;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#stopRenewal();
    const delivered = [...this.#windows.values()].map((window) => [window.partition, window.delivered] as const);
    for (const window of this.#windows.values()) window.end();
    this.#windows.clear();
    this.#waiter.wake();
    const left = this.#client.link.call('group.leave', { consumer: this.id, delivered });
    // One that failed gives its partitions up too where it can; what is wrong was said already.
    if (this.#failure === undefined) await left;
    else left.catch(() => {});
  }

  async #join(link: Link): Promise<void> {
    const { start, partitions, assignment } = this.#options;
    const held = Array.from(this.#windows.values(), ({ partition, epoch }) => [partition, epoch] as const);
    const ask = {
      consumer: this.id,
      destination: this.destination,
      group: this.#wantedGroup,
      start,
      partitions,
      assignment,
      held,
    };
    const { meta } = await link.call('group.join', ask);
    this.#group = meta.group;
  }

  #take(max: number): LogDelivery[] | undefined {
    if (this.#closed) return [];
    if (this.#failure !== undefined) throw this.#failure;
    const out: LogDelivery[] = [];
    let inFlight = 0;
    for (const window of this.#windows.values()) inFlight += window.inFlight;
    const limit = Math.min(max, (this.#options.maxInFlight ?? defaultInFlight) - inFlight);
    const windows = [...this.#windows.values()];
    for (const window of windows) {
      if (out.length >= limit) break;
      if (!window.isReady) continue;
      window.take(limit - out.length, out);
      // The next receive begins with another partition.
      this.#windows.delete(window.partition);
      this.#windows.set(window.partition, window);
    }
    this.#pump();
    return out.length > 0 ? out : undefined;
  }

  #own(delivery: Delivery): LogDelivery {
    if (delivery instanceof LogDelivery) return delivery;
    throw raise('FOREIGN_DELIVERY', { source: this.destination });
  }

  #furthest(deliveries: readonly Delivery[]): Map<PartitionWindow, number> {
    const last = new Map<PartitionWindow, number>();
    for (const delivery of deliveries) {
      const { window, offset } = this.#own(delivery);
      if (window.state !== 'gone') last.set(window, Math.max(offset, last.get(window) ?? -1));
    }
    return last;
  }

  #rewind(window: PartitionWindow, offset: number, delayMs: number): void {
    window.rewind(offset);
    window.delay?.cancel();
    window.delay =
      delayMs <= 0
        ? undefined
        : this.#client.clock.after(delayMs, () => {
            window.delay = undefined;
            this.#progress();
          });
    // What the poll under way brings begins elsewhere.
    this.#polled = undefined;
    this.#pollNumber++;
  }

  #applyPauses(): void {
    for (const window of this.#windows.values()) window.paused = this.#allPaused || this.#pausedPartitions.has(window.partition);
  }

  #progress(): void {
    this.#waiter.wake();
    this.#pump();
  }

  /** Keeps one poll under way that asks for every partition with room. */
  #pump(): void {
    if (this.#closed || this.#failure !== undefined) return;
    const windows = [...this.#windows.values()];
    const room = this.#client.limits.readAheadBytes - windows.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
    const wanting = room <= 0 ? [] : windows.filter((window) => window.wantsMore);
    const polled = this.#polled;
    if (polled !== undefined && wanting.every(({ partition }) => polled.has(partition))) return;
    void this.#poll(wanting, room);
  }

  async #poll(wanting: readonly PartitionWindow[], room: number): Promise<void> {
    const number = ++this.#pollNumber;
    this.#polled = new Set(wanting.map(({ partition }) => partition));
    const wants = wanting.map(({ partition, epoch, fetch }) => [partition, epoch, fetch] as const);
    try {
      const answered = await this.#client.link.call('group.poll', { consumer: this.id, wants, maxBytes: Math.max(0, room) });
      const isLatest = number === this.#pollNumber;
      if (isLatest) this.#polled = undefined;
      this.#accept(answered, isLatest);
    } catch (error) {
      if (number === this.#pollNumber) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#failure = error;
    this.#waiter.wake();
  }

  #accept({ meta, body }: Answered<'group.poll'>, isLatest: boolean): void {
    this.#changeAssignment(meta);
    // Batches of an overtaken poll may begin where nobody reads any more.
    let at = 0;
    for (const batch of isLatest ? meta.batches : []) {
      this.#windows.get(batch.partition)?.add(batch, body, at);
      at += batch.length;
    }
    this.#progress();
  }

  #changeAssignment({ assigned, revoking, lost }: GroupPollAnswer): void {
    const { listener } = this.#options;
    for (const partition of lost) this.#drop(partition);
    if (lost.length > 0) listener?.lost?.(lost);
    if (revoking.length > 0) this.#revoke(revoking).catch((error: unknown) => this.#fail(error));
    for (const assignment of assigned) this.#assign(assignment);
    if (assigned.length > 0) listener?.assigned?.(assigned.map(({ partition }) => partition));
  }

  #assign(assignment: PartitionWindow | GroupPollAnswer['assigned'][number]): void {
    this.#drop(assignment.partition);
    this.#windows.set(assignment.partition, new PartitionWindow(assignment as GroupPollAnswer['assigned'][number]));
    this.#applyPauses();
  }

  #drop(partition: number): void {
    this.#windows.get(partition)?.end();
    this.#windows.delete(partition);
  }

  /** Hands nothing more out, waits for the handlers, then gives the partitions up. */
  async #revoke(partitions: readonly number[]): Promise<void> {
    const windows = partitions.flatMap((partition) => this.#windows.get(partition) ?? []);
    for (const window of windows) window.state = 'revoking';
    try {
      await this.#options.listener?.revoked?.(partitions);
    } finally {
      const given = windows.filter((window) => window.state === 'revoking');
      for (const window of given) {
        window.end();
        if (this.#windows.get(window.partition) === window) this.#windows.delete(window.partition);
      }
      const delivered = given.map((window) => [window.partition, window.delivered] as const);
      if (!this.#closed) await this.#client.link.call('group.revoked', { consumer: this.id, partitions: delivered });
    }
  }
}
