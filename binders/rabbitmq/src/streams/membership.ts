import { randomUUID } from 'node:crypto';
import type { Admin } from '../client/admin.ts';
import type { Lock, Locks } from '../client/locks.ts';
import { isConnectionFault } from '../client/faults.ts';
import { codeOf } from '../client/translate.ts';
import type { Notice, Roster } from './roster.ts';
import { quotas } from './shares.ts';

/** Who has the partitions that a membership gets. */
export interface PartitionOwner {
  assigned(partitions: readonly number[]): Promise<void>;
  /** Resolves when nothing more is done with them. */
  revoked(partitions: readonly number[]): Promise<void>;
  /** Others may have them already. */
  lost(partitions: readonly number[]): void;
  moved(partition: number, offset: number): Promise<void>;
  failed(error: unknown): void;
}

/** Where a membership takes part. */
export interface MembershipPlace {
  /** Names the group, among all. */
  readonly group: string;
  readonly partitions: readonly number[];
  /** Whether it shares the partitions with others, or has these alone. */
  readonly isShared: boolean;
}

const heartbeatMs = 1000;
const silenceMs = 4000;
const retryMs = 150;

/**
 * Takes part in a group. A lock on the server for each partition says whose it is, so that it has one owner whatever members believe;
 * what they tell each other only decides who takes and who gives up how many.
 */
export class Membership {
  readonly id = randomUUID().slice(0, 13);
  readonly #admin: Admin;
  readonly #locks: Locks;
  readonly #roster: Roster;
  readonly #place: MembershipPlace;
  readonly #owner: PartitionOwner;
  readonly #owned = new Map<number, Lock>();
  readonly #peers = new Map<string, { owned: readonly number[]; heardAt: number }>();
  readonly #down = (): void => this.#lost();
  #heartbeat: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #balancing: Promise<void> | undefined;
  #again = false;
  #isLeaving = false;

  constructor(
    parts: { readonly admin: Admin; readonly locks: Locks; readonly roster: Roster },
    place: MembershipPlace,
    owner: PartitionOwner,
  ) {
    this.#admin = parts.admin;
    this.#locks = parts.locks;
    this.#roster = parts.roster;
    this.#place = place;
    this.#owner = owner;
  }

  /** Joins; resolves when the partitions that are free for us are ours. */
  async join(): Promise<void> {
    this.#admin.link.on('down', this.#down);
    await this.#roster.join(this.#place.group, this);
    this.#announce(true);
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
    await this.#balance();
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#retry);
    this.#admin.link.off('down', this.#down);
    await this.#balancing;
    await this.#free([...this.#owned.keys()]);
    this.#roster.tell(this.#place.group, this.id, { is: 'gone' });
    await this.#roster.leave(this.#place.group, this);
  }

  heard(notice: Notice): void {
    if (notice.is === 'here') this.#hear(notice.from, notice.owned, notice.asks ?? false);
    else if (notice.is === 'gone') {
      this.#peers.delete(notice.from);
      void this.#balance();
    } else if (notice.is === 'move' && this.#owned.has(notice.partition)) void this.#move(notice);
  }

  reconnected(): void {
    this.#announce(true);
    void this.#balance();
  }

  #hear(from: string, owned: readonly number[], asks: boolean): void {
    const before = this.#peers.get(from);
    this.#peers.set(from, { owned, heardAt: performance.now() });
    if (asks) this.#announce();
    if (before === undefined || before.owned.join() !== owned.join()) void this.#balance();
  }

  async #move({ id, partition, offset }: Extract<Notice, { is: 'move' }>): Promise<void> {
    try {
      await this.#owner.moved(partition, offset);
      this.#roster.tell(this.#place.group, this.id, { is: 'moved', id });
    } catch (error) {
      // Whoever asked asks again, unless this member is done for.
      if (!isConnectionFault(error)) this.#owner.failed(error);
    }
  }

  #announce(asks = false): void {
    if (this.#place.isShared) this.#roster.tell(this.#place.group, this.id, { is: 'here', owned: [...this.#owned.keys()], asks });
  }

  #beat(): void {
    this.#announce();
    const silent = performance.now() - silenceMs;
    for (const [id, { heardAt }] of this.#peers) if (heardAt < silent) this.#peers.delete(id);
    void this.#balance();
  }

  /** One at a time; what changes meanwhile is looked at afterwards. */
  #balance(): Promise<void> {
    this.#again = true;
    this.#balancing ??= this.#balanceAll().finally(() => (this.#balancing = undefined));
    return this.#balancing;
  }

  async #balanceAll(): Promise<void> {
    while (this.#again && !this.#isLeaving) {
      this.#again = false;
      try {
        await this.#giveUp();
        await this.#take();
      } catch (error) {
        if (isConnectionFault(error) || codeOf(error) === 'UNAVAILABLE') this.#retryLater();
        else this.#owner.failed(error);
      }
    }
  }

  get #quota(): number {
    const { partitions, isShared } = this.#place;
    if (!isShared) return partitions.length;
    const members = [...this.#peers].map(([id, { owned }]) => ({ id, owned: owned.length }));
    return quotas([...members, { id: this.id, owned: this.#owned.size }], partitions.length).get(this.id)!;
  }

  async #giveUp(): Promise<void> {
    const surplus = [...this.#owned.keys()].slice(this.#quota);
    if (surplus.length === 0) return;
    await this.#free(surplus);
    this.#announce();
  }

  async #free(partitions: readonly number[]): Promise<void> {
    if (partitions.length === 0) return;
    await this.#owner.revoked(partitions);
    await Promise.all(
      partitions.map(async (partition) => {
        const lock = this.#owned.get(partition);
        this.#owned.delete(partition);
        await lock?.release();
      }),
    );
  }

  async #take(): Promise<void> {
    const taken: number[] = [];
    const others = new Set([...this.#peers.values()].flatMap(({ owned }) => owned));
    const free = this.#place.partitions.filter((partition) => !this.#owned.has(partition) && !others.has(partition));
    for (const partition of free) {
      if (this.#owned.size >= this.#quota || this.#isLeaving) break;
      const lock = await this.#locks.hold(this.#lockOf(partition));
      if (lock === undefined) continue;
      this.#owned.set(partition, lock);
      taken.push(partition);
    }
    // Told at once, so that others do not run into these locks while the partitions are being opened.
    if (taken.length > 0) {
      this.#announce();
      await this.#owner.assigned(taken.filter((partition) => this.#owned.has(partition)));
    }
    if (this.#owned.size < this.#quota) this.#retryLater();
  }

  #retryLater(): void {
    if (this.#isLeaving) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#balance(), retryMs * (0.5 + Math.random()));
    this.#retry.unref();
  }

  /** The server frees our locks with the connection. */
  #lost(): void {
    const partitions = [...this.#owned.keys()];
    this.#owned.clear();
    this.#peers.clear();
    if (partitions.length > 0) this.#owner.lost(partitions);
  }

  #lockOf(partition: number): string {
    return `${this.#place.group}-${partition}.mr-owner`;
  }
}
