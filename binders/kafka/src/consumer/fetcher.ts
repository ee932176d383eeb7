import type { Cluster } from '../client/cluster.ts';
import { apiIdOf, isTransient } from '../client/faults.ts';
import { fetchBatches } from '../client/fetch.ts';
import type { FetchedPartition } from '../client/fetch.ts';
import { pause } from '../client/patience.ts';
import { codeOf } from '../client/translate.ts';
import { raise } from '../errors.ts';
import type { PartitionWindow } from './partition-window.ts';

/** How much is read ahead. Sizes are bytes, times milliseconds. */
export interface FetchSettings {
  readonly readAheadBytes: number;
  readonly partitionBytes: number;
  readonly maxWaitMs: number;
  readonly isCommitted: boolean;
}

/** What the fetcher needs to know and tells. */
export interface FetchOwner {
  readonly topic: string;
  /** Distinguishes the connections of this consumer. */
  readonly id: string;
  windows(): Iterable<PartitionWindow>;
  /** Something was read, or cannot be read any more. */
  progress(): void;
  failed(error: unknown): void;
  /** The offset is not in the log: moves the window to one that is. */
  outOfRange(window: PartitionWindow): Promise<void>;
}

/** How long a topic may be missing until it counts as deleted. */
const missingMs = 2000;

/**
 * Reads ahead for a consumer: at most two requests under way at each leader. The second one is for partitions that began to want
 * messages while the first was waiting for others.
 */
export class Fetcher {
  readonly #cluster: Cluster;
  readonly #settings: FetchSettings;
  readonly #owner: FetchOwner;
  readonly #stopping = new AbortController();
  readonly #lanes = new Set<string>();
  /** Partitions that a request under way asks for. */
  readonly #asked = new Set<number>();
  /** Brokers that failed, and are asked again only when the leaders have been looked up. */
  readonly #doubtful = new Set<number>();
  #missingSince: number | undefined;
  #isLookingUp = false;

  constructor(cluster: Cluster, settings: FetchSettings, owner: FetchOwner) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#owner = owner;
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return Promise.all([0, 1].map((lane) => this.#cluster.closeLinks(this.#purpose(lane)))).then(() => undefined);
  }

  /** Starts requests for partitions with room. */
  pump(): void {
    if (this.#stopping.signal.aborted) return;
    for (const [leader, windows] of this.#wanting()) {
      const lane = [0, 1].find((each) => !this.#lanes.has(`${leader}/${each}`));
      if (lane !== undefined) void this.#run(leader, lane, windows);
    }
  }

  #purpose(lane: number): string {
    return `fetch-${this.#owner.id}-${lane}`;
  }

  #wanting(): Map<number, PartitionWindow[]> {
    const byLeader = new Map<number, PartitionWindow[]>();
    const all = [...this.#owner.windows()];
    if (all.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0) >= this.#settings.readAheadBytes) return byLeader;
    const partitions = this.#cluster.known(this.#owner.topic)?.partitions;
    for (const window of all) {
      if (!window.wantsMore || this.#asked.has(window.partition)) continue;
      if (window.bufferedBytes > this.#settings.partitionBytes / 2) continue;
      const leader = partitions?.[window.partition]?.leader ?? -1;
      if (leader < 0 || this.#doubtful.has(leader)) void this.#lookUp();
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), window]);
    }
    return byLeader;
  }

  async #run(leader: number, lane: number, windows: readonly PartitionWindow[]): Promise<void> {
    const key = `${leader}/${lane}`;
    this.#lanes.add(key);
    for (const { partition } of windows) this.#asked.add(partition);
    const isFine = await this.#fetch(leader, lane, windows);
    this.#lanes.delete(key);
    for (const { partition } of windows) this.#asked.delete(partition);
    if (this.#stopping.signal.aborted) return;
    if (!isFine) this.#doubtful.add(leader);
    this.#owner.progress();
    if (isFine) this.pump();
    else await this.#lookUp();
  }

  /** One request; false when the leaders must be looked up. */
  async #fetch(leader: number, lane: number, windows: readonly PartitionWindow[]): Promise<boolean> {
    const { maxWaitMs, readAheadBytes, partitionBytes, isCommitted } = this.#settings;
    const asked = windows.map((window) => ({ window, partition: window.partition, from: window.fetch }));
    try {
      const link = await this.#cluster.nodeLink(this.#purpose(lane), leader);
      const { topic } = this.#owner;
      const ask = { topic, partitions: asked, maxWaitMs, maxBytes: readAheadBytes, partitionBytes, isCommitted };
      const fetched = await fetchBatches(this.#cluster.library, link, ask);
      let isFine = true;
      for (const part of fetched) {
        const { window, from } = asked.find(({ partition }) => partition === part.partition)!;
        if (part.errorCode === 0) window.add(from, part);
        else isFine = (await this.#partFailed(window, part)) && isFine;
      }
      return isFine;
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #partFailed(window: PartitionWindow, { errorCode }: FetchedPartition): Promise<boolean> {
    const error = new this.#cluster.library.ProtocolError(errorCode);
    if (apiIdOf(error) !== 'OFFSET_OUT_OF_RANGE') return this.#failed(error);
    await this.#owner.outOfRange(window);
    return true;
  }

  #failed(error: unknown): boolean {
    if (this.#stopping.signal.aborted) return true;
    if (isTransient(error)) return false;
    this.#owner.failed(this.#cluster.failure(error, `read '${this.#owner.topic}'`));
    return true;
  }

  /** Asks for the leaders until there are some, then goes on. */
  async #lookUp(): Promise<void> {
    if (this.#isLookingUp) return;
    this.#isLookingUp = true;
    try {
      await pause(50, AbortSignal.any([this.#stopping.signal, this.#cluster.closing]));
      const found = await this.#cluster.refresh(this.#owner.topic);
      this.#missingSince = found === undefined ? (this.#missingSince ?? performance.now()) : undefined;
      if (this.#missingSince !== undefined && performance.now() - this.#missingSince > missingMs)
        this.#owner.failed(raise('DESTINATION_UNKNOWN', { destination: this.#owner.topic }));
    } catch (error) {
      if (this.#stopping.signal.aborted || this.#cluster.closing.aborted) return;
      // While no broker answers, whoever receives waits on; the next look shows whether one is back.
      if (codeOf(error) !== 'UNAVAILABLE') this.#owner.failed(error);
    } finally {
      this.#isLookingUp = false;
      this.#doubtful.clear();
    }
    this.pump();
  }
}
