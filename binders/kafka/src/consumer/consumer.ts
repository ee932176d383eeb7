import { systemClock } from '@millrace/core';
import type { ConsumerBinding, ConsumerOptions, Delivery } from '@millrace/messaging/binder';
import { partError } from '../client/answers.ts';
import type { Cluster } from '../client/cluster.ts';
import { apiIdOf } from '../client/faults.ts';
import type { MemberIdentity, Offsets } from '../client/offsets.ts';
import { earliest } from '../client/offsets.ts';
import { withinMs } from '../client/patience.ts';
import { raise } from '../errors.ts';
import { Commits, movedOn } from './commits.ts';
import { Fetcher } from './fetcher.ts';
import type { FetchSettings } from './fetcher.ts';
import { lagOf } from './lag.ts';
import type { Membership } from './membership.ts';
import { LogDelivery } from './partition-window.ts';
import type { PartitionWindow } from './partition-window.ts';
import { StartPositions } from './start-positions.ts';
import { Waiter } from './waiter.ts';
import { Windows } from './windows.ts';

const defaultInFlight = 1000;

/** What consumers of a binder share. Times are milliseconds. */
export interface ConsumerSetup {
  readonly cluster: Cluster;
  readonly offsets: Offsets;
  readonly fetch: FetchSettings;
  /** How long a consumer may take to give up partitions. */
  readonly revokeMs: number;
}

/** Who and what a consumer reads. */
export interface ConsumerPlace {
  readonly id: string;
  readonly destination: string;
  readonly group: string;
  /** An anonymous one keeps its positions to itself. */
  readonly isAnonymous: boolean;
}

/** One member of a group: reads its partitions ahead within bounds and hands messages out as asked. */
export class Consumer implements ConsumerBinding {
  readonly destination: string;
  readonly group: string;
  readonly #setup: ConsumerSetup;
  readonly #place: ConsumerPlace;
  readonly #options: ConsumerOptions;
  readonly #waiter: Waiter<LogDelivery>;
  readonly #windows = new Windows();
  readonly #fetcher: Fetcher;
  readonly #commits: Commits;
  readonly #starts: StartPositions;
  #membership: Membership | undefined;
  #failure: unknown;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(setup: ConsumerSetup, place: ConsumerPlace, options: ConsumerOptions) {
    const { cluster, offsets, fetch } = setup;
    const { id, destination, group } = place;
    this.destination = destination;
    this.group = group;
    this.#setup = setup;
    this.#place = place;
    this.#options = options;
    this.#waiter = new Waiter(destination);
    this.#starts = new StartPositions(offsets, place, options.start);
    this.#commits = new Commits(cluster, offsets, {
      id,
      group,
      topic: destination,
      identity: () => this.identity,
      movedOn: (since) => this.#membership!.movedOn(since),
    });
    this.#fetcher = new Fetcher(cluster, fetch, {
      id,
      topic: destination,
      windows: () => this.#windows.all(),
      progress: () => this.#waiter.wake(),
      failed: (error) => this.failed(error),
      outOfRange: (window) => this.#continueAtEarliest(window),
    });
  }

  /** Takes up its partitions; resolves when the first of them are there. */
  async start(membership: Membership): Promise<void> {
    this.#membership = membership;
    await membership.join();
  }

  get id(): string {
    return this.#place.id;
  }

  get isAnonymous(): boolean {
    return this.#place.isAnonymous;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get identity(): MemberIdentity {
    return this.#membership!.identity;
  }

  receive(max: number, waitMs?: number): Promise<readonly Delivery[]> {
    return this.#waiter.wait(() => this.#take(max), waitMs);
  }

  async ack(deliveries: readonly Delivery[]): Promise<void> {
    const positions = this.acknowledge(deliveries);
    if (positions.size > 0 && !this.#place.isAnonymous) await this.#commits.commit(positions);
  }

  /** Ends the deliveries here; returns the positions to be committed. Those of partitions that are not ours any more are ignored. */
  acknowledge(deliveries: readonly Delivery[]): ReadonlyMap<PartitionWindow, number> {
    const positions = new Map<PartitionWindow, number>();
    for (const [window, offset] of this.furthest(deliveries))
      if (window.state !== 'gone') positions.set(window, window.acknowledged(offset));
    this.#progress();
    return positions;
  }

  /** Ends deliveries whose positions a transaction has committed. */
  acknowledgeCommitted(deliveries: readonly Delivery[]): void {
    this.#commits.committed(this.acknowledge(deliveries));
  }

  /** Runs `work` while nothing else commits positions of this consumer. */
  holdingCommits(work: () => Promise<void>): Promise<void> {
    return this.#commits.exclusively(work);
  }

  /** Resolves when the group has an identity for us that is newer than this one. */
  movedOn(since: MemberIdentity): Promise<void> {
    return this.#membership!.movedOn(since);
  }

  /** The last of these deliveries in each partition. */
  furthest(deliveries: readonly Delivery[]): ReadonlyMap<PartitionWindow, number> {
    const last = new Map<PartitionWindow, number>();
    for (const delivery of deliveries) {
      const { window, offset } = this.#own(delivery);
      last.set(window, Math.max(offset, last.get(window) ?? -1));
    }
    return last;
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
    this.#windows.pause(partitions);
  }

  resume(partitions?: readonly number[]): void {
    this.#windows.resume(partitions);
    this.#progress();
  }

  lag(): Promise<number | undefined> {
    const { cluster, offsets } = this.#setup;
    return lagOf(cluster, offsets, this.destination, (partitions) => this.#positions(partitions));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  failed(error: unknown): void {
    if (this.#closed) return;
    this.#failure ??= error;
    this.#waiter.wake();
  }

  /** The partition is ours from now on, from where the group stands. */
  async assigned(partitions: readonly number[], areNew = false): Promise<void> {
    const from = await this.#starts.of(partitions, areNew);
    for (const partition of partitions) this.#windows.open(partition, from.get(partition)!);
    const initial = this.#starts.toCommit(from);
    if (initial.size > 0) await this.#commitInitial(initial);
    if (this.#closed) return;
    this.#options.listener?.assigned?.(partitions);
    this.#progress();
  }

  /** Hands nothing more out, waits for the handlers, then gives the partitions up. */
  async revoked(partitions: readonly number[]): Promise<void> {
    const windows = partitions.flatMap((partition) => this.#windows.get(partition) ?? []);
    for (const window of windows) window.state = 'revoking';
    try {
      await withinMs(this.#options.listener?.revoked?.(partitions), this.#setup.revokeMs);
      await withinMs(this.#commits.idle(), this.#setup.revokeMs);
    } catch (error) {
      this.failed(error);
    } finally {
      for (const window of windows) this.#windows.drop(window);
    }
  }

  lost(partitions: readonly number[]): void {
    for (const partition of partitions) {
      const window = this.#windows.get(partition);
      if (window !== undefined) this.#windows.drop(window);
    }
    if (!this.#closed) this.#options.listener?.lost?.(partitions);
  }

  has(partition: number): boolean {
    return this.#windows.get(partition)?.state === 'active';
  }

  /** Resolves when it is known which partitions are ours. */
  settled(): Promise<void> {
    return this.#membership!.settled();
  }

  /** Goes on at these offsets, also after a restart. What was handed out before counts no more. */
  async seek(positions: ReadonlyMap<number, number>): Promise<void> {
    const moved = new Map<PartitionWindow, number>();
    for (const [partition, offset] of positions) if (this.has(partition)) moved.set(this.#windows.open(partition, offset), offset);
    if (!this.#place.isAnonymous) await this.#commits.commit(moved);
    this.#progress();
  }

  async #positions(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    if (!this.#place.isAnonymous) return this.#setup.offsets.committed(this.group, this.destination, partitions);
    return new Map(this.#windows.all().map((window) => [window.partition, window.position]));
  }

  async #commitInitial(initial: ReadonlyMap<number, number>): Promise<void> {
    const { cluster, offsets } = this.#setup;
    const what = `commit where group '${this.group}' begins`;
    await cluster.ask(what, async () => {
      const codes = await offsets.commit(this.group, this.identity, this.destination, initial, `group-${this.id}`);
      for (const code of codes.values()) {
        const error = partError(cluster.library, code);
        // If the group moved on, whoever has the partition next does it.
        if (error !== undefined && !movedOn.has(apiIdOf(error)!)) throw error;
      }
    });
  }

  async #close(): Promise<void> {
    this.#closed = true;
    for (const window of this.#windows.all()) if (window.state === 'active') window.state = 'revoking';
    this.#waiter.wake();
    await this.#fetcher.stop();
    // A commit may wait for the group to agree on its next generation, for longer than anybody wants to wait here.
    await withinMs(this.#commits.idle(), this.#setup.revokeMs);
    await this.#membership?.leave();
    for (const window of this.#windows.all()) this.#windows.drop(window);
  }

  async #continueAtEarliest(window: PartitionWindow): Promise<void> {
    const found = await this.#setup.offsets.at(this.destination, new Map([[window.partition, earliest]]));
    window.skipTo(found.get(window.partition)!);
  }

  #take(max: number): LogDelivery[] | undefined {
    if (this.#closed) return [];
    if (this.#failure !== undefined) throw this.#failure;
    const out = this.#windows.take(max, this.#options.maxInFlight ?? defaultInFlight);
    this.#fetcher.pump();
    return out.length > 0 ? out : undefined;
  }

  #own(delivery: Delivery): LogDelivery {
    if (delivery instanceof LogDelivery) return delivery;
    throw raise('FOREIGN_DELIVERY', { source: this.destination });
  }

  #rewind(window: PartitionWindow, offset: number, delayMs: number): void {
    window.rewind(offset);
    window.delay?.cancel();
    window.delay = undefined;
    if (delayMs <= 0) return;
    window.delay = systemClock.after(delayMs, () => {
      window.delay = undefined;
      this.#progress();
    });
  }

  #progress(): void {
    this.#waiter.wake();
    this.#fetcher.pump();
  }
}
