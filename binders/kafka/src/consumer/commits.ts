import type { Cluster } from '../client/cluster.ts';
import { apiIdOf, isStale, isTransient } from '../client/faults.ts';
import type { MemberIdentity, Offsets } from '../client/offsets.ts';
import { Patience } from '../client/patience.ts';
import type { PartitionWindow } from './partition-window.ts';

/** Who commits. */
export interface CommitOwner {
  readonly id: string;
  readonly group: string;
  readonly topic: string;
  identity(): MemberIdentity;
  /** Called when the group has moved on since; resolves when there is another identity. */
  movedOn(since: MemberIdentity): Promise<void>;
}

/** Answers that say that the group has moved on since. */
export const movedOn: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
]);

/**
 * Commits positions, one request at a time: what is acknowledged meanwhile goes into the next. Positions of partitions that are
 * somebody else's by then are dropped.
 */
export class Commits {
  readonly #cluster: Cluster;
  readonly #offsets: Offsets;
  readonly #owner: CommitOwner;
  #pending = new Map<PartitionWindow, number>();
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #done = new WeakMap<PartitionWindow, number>();

  constructor(cluster: Cluster, offsets: Offsets, owner: CommitOwner) {
    this.#cluster = cluster;
    this.#offsets = offsets;
    this.#owner = owner;
  }

  /** Resolves when the positions are durable, or not ours any more. */
  commit(positions: ReadonlyMap<PartitionWindow, number>): Promise<void> {
    for (const [window, offset] of positions) this.#pending.set(window, offset);
    if (this.#next === undefined) {
      this.#next = this.#running.then(() => this.#flush());
      this.#running = this.#next.catch(() => undefined);
    }
    return this.#next;
  }

  /** Runs `work`, which commits positions by itself, when nothing else is being committed; what comes meanwhile waits. */
  async exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#running.then(work);
    this.#running = done.catch(() => undefined);
    return done;
  }

  /** Positions that were committed otherwise: lower ones that come later do not count. */
  committed(positions: ReadonlyMap<PartitionWindow, number>): void {
    for (const [window, offset] of positions) this.#done.set(window, Math.max(offset, this.#done.get(window) ?? 0));
  }

  /** Resolves when nothing is being committed. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #flush(): Promise<void> {
    this.#next = undefined;
    const positions = this.#pending;
    this.#pending = new Map();
    const patience = new Patience(this.#cluster.settings.patienceMs, this.#cluster.closing);
    for (;;) {
      try {
        if (await this.#attempt(positions)) return;
      } catch (error) {
        this.#cluster.closing.throwIfAborted();
        if (!isTransient(error) || !patience.lasts)
          throw this.#cluster.failure(error, `commit positions of group '${this.#owner.group}'`, patience.waitedMs);
        if (isStale(error)) this.#cluster.forgetCoordinator('group', this.#owner.group);
        await patience.pause();
      }
    }
  }

  /** One request; false when it has to be repeated. */
  async #attempt(positions: Map<PartitionWindow, number>): Promise<boolean> {
    for (const [window, offset] of positions)
      if (window.state === 'gone' || offset <= (this.#done.get(window) ?? 0)) positions.delete(window);
    if (positions.size === 0) return true;
    const { id, group, topic } = this.#owner;
    const wanted = new Map([...positions].map(([{ partition }, offset]) => [partition, offset]));
    const identity = this.#owner.identity();
    const codes = await this.#offsets.commit(group, identity, topic, wanted, `group-${id}`);
    for (const code of codes.values()) {
      if (code === 0) continue;
      const error = new this.#cluster.library.ProtocolError(code);
      if (!movedOn.has(apiIdOf(error)!)) throw error;
      await this.#owner.movedOn(identity);
      return false;
    }
    return true;
  }
}
