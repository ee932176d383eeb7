import type { ConsumerBinding, ConsumerOptions, Delivery, StartPosition } from '@millrace/messaging/binder';
import type { Admin } from '../client/admin.ts';
import type { Locks } from '../client/locks.ts';
import { within } from '../client/patience.ts';
import { Waiter } from '../consumer/waiter.ts';
import { raise } from '../errors.ts';
import type { KnownDestination } from '../topology/catalogue.ts';
import type { Names } from '../topology/names.ts';
import { Commits } from './commits.ts';
import { Feed } from './feed.ts';
import { partitionsOf } from './layout.ts';
import { Membership } from './membership.ts';
import type { Positions } from './positions.ts';
import type { Roster } from './roster.ts';
import type { StreamLog } from './stream-log.ts';
import { StreamDelivery, StreamWindow } from './window.ts';

const defaultInFlight = 1000;
const readAhead = 500;
/** How long handlers may take to end what they do with partitions that go to others. */
const revokeMs = 8000;

/** What consumers of streams share. */
export interface StreamSetup {
  readonly admin: Admin;
  readonly locks: Locks;
  readonly roster: Roster;
  readonly positions: Positions;
  readonly names: Names;
  readonly log: StreamLog;
  isGone(destination: string): Promise<boolean>;
}

/** Who reads what. */
export interface StreamPlace {
  readonly entry: KnownDestination;
  readonly group: string;
  readonly isAnonymous: boolean;
  /** Where a group without a position begins. */
  readonly start: StartPosition;
}

interface Part {
  readonly window: StreamWindow;
  readonly feed: Feed;
  readonly commits: Commits;
}

/** A member of a group on streams: it alone reads its partitions, in order, and says how far it came. */
export class StreamConsumer implements ConsumerBinding {
  readonly destination: string;
  readonly group: string;
  readonly #setup: StreamSetup;
  readonly #place: StreamPlace;
  readonly #options: ConsumerOptions;
  readonly #maxInFlight: number;
  readonly #waiter: Waiter<StreamDelivery>;
  readonly #parts = new Map<number, Part>();
  readonly #paused = new Set<number>();
  readonly #membership: Membership | undefined;
  #isPaused = false;
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(setup: StreamSetup, place: StreamPlace, options: ConsumerOptions) {
    this.destination = place.entry.name;
    this.group = place.group;
    this.#setup = setup;
    this.#place = place;
    this.#options = options;
    this.#maxInFlight = options.maxInFlight ?? defaultInFlight;
    this.#waiter = new Waiter(this.destination);
    const { index, count } = options.assignment ?? { index: 0, count: 1 };
    const partitions = partitionsOf(place.entry).filter((partition) => partition % count === index);
    const group = setup.names.group(place.entry.name, place.group);
    const isShared = options.assignment === undefined;
    if (!place.isAnonymous) this.#membership = new Membership(setup, { group, partitions, isShared }, this);
  }

  async start(): Promise<void> {
    if (this.#membership === undefined) await this.assigned(partitionsOf(this.#place.entry));
    else await this.#membership.join();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  receive(max: number, waitMs?: number): Promise<readonly Delivery[]> {
    return this.#waiter.wait(() => this.#take(max), waitMs);
  }

  async ack(deliveries: readonly Delivery[]): Promise<void> {
    const moved = new Set<StreamWindow>();
    for (const delivery of deliveries.map((each) => this.#own(each)).toSorted((a, b) => a.sequence - b.sequence))
      if (delivery.window.acknowledge(delivery)) moved.add(delivery.window);
    this.#progress();
    if (!this.#place.isAnonymous) await Promise.all([...moved].map(async (window) => this.#commit(window)));
  }

  release(deliveries: readonly Delivery[], delayMs = 0): Promise<void> {
    for (const delivery of deliveries) {
      const ours = this.#own(delivery);
      if (ours.window.rewind(ours)) this.#delay(ours.window, delayMs);
    }
    this.#progress();
    return Promise.resolve();
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
    this.#progress();
  }

  async lag(): Promise<number | undefined> {
    const { log, positions } = this.#setup;
    const { entry, group, isAnonymous } = this.#place;
    const lags = partitionsOf(entry).map(async (partition) => {
      const bounds = await log.bounds(entry.name, partition);
      const own = this.#parts.get(partition)?.window.position;
      const position = own ?? (isAnonymous ? bounds.next : await positions.read({ destination: entry.name, group, partition }));
      return Math.max(0, bounds.next - Math.max(bounds.earliest, position ?? 0));
    });
    return (await Promise.all(lags)).reduce((sum, each) => sum + each, 0);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async assigned(partitions: readonly number[]): Promise<void> {
    await Promise.all(partitions.map(async (partition) => this.#open(partition)));
    if (this.#isClosed) return;
    this.#options.listener?.assigned?.(partitions);
    this.#progress();
  }

  async revoked(partitions: readonly number[]): Promise<void> {
    const parts = partitions.flatMap((partition) => this.#parts.get(partition) ?? []);
    for (const { window } of parts) window.state = 'revoking';
    const late = (): Error => raise('TOO_SLOW', { what: `end work on partitions of '${this.destination}'`, waitedMs: revokeMs });
    try {
      // Whoever takes longer loses its partitions all the same.
      if (!this.#isClosed) await within(this.#options.listener?.revoked?.(partitions) ?? Promise.resolve(), revokeMs, late);
      await within(Promise.all(parts.map(async ({ commits }) => commits.idle())), revokeMs, late);
    } catch (error) {
      if (!this.#isClosed && !(error instanceof Error && 'reason' in error && error.reason === 'TOO_SLOW')) this.failed(error);
    } finally {
      await Promise.all(partitions.map(async (partition) => this.#drop(partition)));
    }
  }

  lost(partitions: readonly number[]): void {
    for (const partition of partitions) void this.#drop(partition);
    if (!this.#isClosed) this.#options.listener?.lost?.(partitions);
  }

  async moved(partition: number, offset: number): Promise<void> {
    const part = this.#parts.get(partition);
    if (part === undefined) return;
    await part.commits.idle();
    part.window.moveTo(offset);
    await Promise.all([part.commits.commit(offset), part.feed.move()]);
    this.#progress();
  }

  failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#failure ??= { error };
    this.#waiter.wake();
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#waiter.wake();
    await this.#membership?.leave();
    await Promise.all([...this.#parts.keys()].map(async (partition) => this.#drop(partition)));
  }

  async #open(partition: number): Promise<void> {
    const { admin, names, positions } = this.#setup;
    const place = { destination: this.destination, group: this.group, partition };
    const window = new StreamWindow(partition, await this.#begin(partition));
    const feed = new Feed(admin.link, window, {
      stream: names.stream(this.destination, partition),
      patienceMs: admin.patienceMs,
      mostMessages: this.#maxInFlight + readAhead,
      isGone: () => this.#setup.isGone(this.destination),
      progress: () => this.#waiter.wake(),
      failed: (error) => this.failed(error),
    });
    this.#parts.set(partition, { window, feed, commits: new Commits(positions, place) });
    await admin.run(`read '${this.destination}'`, () => feed.open());
  }

  /** Where to go on, or to begin; a beginning is stored, so that it stays the same. */
  async #begin(partition: number): Promise<number> {
    const { positions, log } = this.#setup;
    const { isAnonymous, start } = this.#place;
    const place = { destination: this.destination, group: this.group, partition };
    const known = isAnonymous ? undefined : await positions.read(place);
    if (known !== undefined) return known;
    const offset = await log.startOffset(this.destination, partition, start);
    if (!isAnonymous) await positions.begin(place, offset);
    return offset;
  }

  async #drop(partition: number): Promise<void> {
    const part = this.#parts.get(partition);
    if (part === undefined) return;
    this.#parts.delete(partition);
    part.window.state = 'gone';
    clearTimeout(part.window.timer);
    await part.feed.close();
  }

  async #commit(window: StreamWindow): Promise<void> {
    const part = this.#parts.get(window.partition);
    if (part?.window === window) await part.commits.commit(window.position);
  }

  #take(max: number): StreamDelivery[] | undefined {
    if (this.#isClosed) return [];
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#isPaused) return undefined;
    const out: StreamDelivery[] = [];
    const now = performance.now();
    let room = this.#maxInFlight - [...this.#parts.values()].reduce((sum, { window }) => sum + window.held, 0);
    for (const [partition, { window }] of this.#parts) {
      if (this.#paused.has(partition)) continue;
      const taken = window.take(Math.min(max - out.length, room), now);
      room -= taken.length;
      out.push(...taken);
      if (room <= 0 || out.length >= max) break;
    }
    this.#rotate();
    return out.length > 0 ? out : undefined;
  }

  /** The partition that came first this time comes last the next. */
  #rotate(): void {
    const [first] = this.#parts;
    if (first === undefined || this.#parts.size < 2) return;
    this.#parts.delete(first[0]);
    this.#parts.set(...first);
  }

  #delay(window: StreamWindow, delayMs: number): void {
    if (delayMs <= 0) return;
    window.notBefore = Math.max(window.notBefore, performance.now() + delayMs);
    clearTimeout(window.timer);
    window.timer = setTimeout(() => this.#waiter.wake(), Math.ceil(window.notBefore - performance.now()) + 1);
  }

  #progress(): void {
    for (const { feed } of this.#parts.values()) feed.pump();
    this.#waiter.wake();
  }

  #own(delivery: Delivery): StreamDelivery {
    if (delivery instanceof StreamDelivery) return delivery;
    throw raise('FOREIGN_DELIVERY', { source: this.destination });
  }
}
