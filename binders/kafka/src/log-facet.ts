import type { LogFacet, LogMessage, LogSlice, PartitionBounds, ReadOptions } from '@millrace/messaging/binder';
import { apiIdOf, isTransient } from './client/faults.ts';
import type { Cluster } from './client/cluster.ts';
import { fetchBatches } from './client/fetch.ts';
import type { FetchedPartition } from './client/fetch.ts';
import { earliest, latest, noMember } from './client/offsets.ts';
import type { Offsets } from './client/offsets.ts';
import { Patience } from './client/patience.ts';
import type { Consumer } from './consumer/consumer.ts';
import type { Groups } from './admin/groups.ts';
import { raise } from './errors.ts';
import { RecordCursor } from './records/batch-reader.ts';
import { RecordView } from './records/record-view.ts';

const defaultReadBytes = 1024 * 1024;
/** The longest that one request waits at the broker; a read that waits longer asks again. */
const longestWaitMs = 500;

/** Answers to a stranger who sets positions of a group that has members. */
const hasMembers: ReadonlySet<string> = new Set(['UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION']);

/** What the facet works with. */
export interface LogParts {
  readonly cluster: Cluster;
  readonly offsets: Offsets;
  readonly groups: Groups;
  readonly isCommitted: boolean;
  /** The consumers of this binder in a group and a destination. */
  consumers(group: string, destination: string): readonly Consumer[];
}

/** Topics as logs. */
export class KafkaLog implements LogFacet {
  readonly #parts: () => LogParts;
  readonly #lanes = new Set<number>();

  constructor(parts: () => LogParts) {
    this.#parts = parts;
  }

  async partitions(destination: string): Promise<readonly PartitionBounds[]> {
    const { offsets } = this.#parts();
    const partitions = await this.#partitionsOf(destination);
    const at = (time: bigint) => offsets.at(destination, new Map(partitions.map((partition) => [partition, time])));
    const [first, end] = await Promise.all([at(earliest), at(latest)]);
    return partitions.map((partition) => ({ partition, earliest: first.get(partition)!, next: end.get(partition)! }));
  }

  async offsetAt(destination: string, partition: number, time: number): Promise<number> {
    const { offsets } = this.#parts();
    await this.#checkPartition(destination, partition);
    const at = async (when: bigint) => (await offsets.at(destination, new Map([[partition, when]]))).get(partition)!;
    const found = await at(BigInt(Math.max(0, Math.ceil(time))));
    return found < 0 ? at(latest) : found;
  }

  async read(destination: string, partition: number, from: number, options: ReadOptions = {}): Promise<LogSlice> {
    options.signal?.throwIfAborted();
    await this.#checkPartition(destination, partition);
    // A request that waits holds up its connection: each read has its own.
    const lane = this.#takeLane();
    try {
      return await this.#readOn(lane, destination, partition, from, options);
    } finally {
      this.#lanes.delete(lane);
    }
  }

  async committed(destination: string, group: string): Promise<ReadonlyMap<number, number>> {
    const partitions = await this.#partitionsOf(destination);
    return this.#parts().offsets.committed(group, destination, partitions);
  }

  async seek(destination: string, group: string, positions: ReadonlyMap<number, number>): Promise<void> {
    for (const partition of positions.keys()) await this.#checkPartition(destination, partition);
    const consumers = this.#parts().consumers(group, destination);
    await Promise.all(consumers.map((consumer) => consumer.settled()));
    const rest = new Map(positions);
    for (const consumer of consumers) {
      const ours = new Map([...rest].filter(([partition]) => consumer.has(partition)));
      for (const partition of ours.keys()) rest.delete(partition);
      if (ours.size > 0) await consumer.seek(ours);
    }
    if (rest.size > 0) await this.#seekElsewhere(destination, group, rest);
  }

  /**
   * Moves a group whose members, if it has any, are in other processes. Kafka takes positions from a stranger only while there are no
   * members: so all are put out, and find the new positions when they have joined again.
   */
  async #seekElsewhere(destination: string, group: string, positions: ReadonlyMap<number, number>): Promise<void> {
    const { cluster, groups } = this.#parts();
    const patience = new Patience(cluster.settings.patienceMs, cluster.closing);
    const commit = async (): Promise<boolean> => this.#commitAsStranger(destination, group, positions);
    while (!(await cluster.ask(`move group '${group}'`, commit, () => cluster.forgetCoordinator('group', group)))) {
      if (!patience.lasts) throw raise('GROUP_BUSY', { group });
      await groups.disband(group);
    }
  }

  /** False where the group has members. */
  async #commitAsStranger(destination: string, group: string, positions: ReadonlyMap<number, number>): Promise<boolean> {
    const { cluster, offsets } = this.#parts();
    const codes = await offsets.commit(group, noMember, destination, positions);
    const failed = [...codes.values()].find((code) => code !== 0);
    if (failed === undefined) return true;
    const error = new cluster.library.ProtocolError(failed);
    if (!hasMembers.has(apiIdOf(error)!)) throw error;
    return false;
  }

  async #partitionsOf(destination: string): Promise<readonly number[]> {
    const view = await this.#parts().cluster.refresh(destination);
    if (view === undefined) throw raise('DESTINATION_UNKNOWN', { destination });
    return view.partitions.map(({ partition }) => partition);
  }

  async #checkPartition(destination: string, partition: number): Promise<void> {
    const view = await this.#parts().cluster.topic(destination);
    if (view === undefined) throw raise('DESTINATION_UNKNOWN', { destination });
    if (view.partitions[partition] === undefined)
      throw raise('PARTITION_UNKNOWN', { destination, partition, partitions: view.partitions.length });
  }

  #takeLane(): number {
    let lane = 0;
    while (this.#lanes.has(lane)) lane++;
    this.#lanes.add(lane);
    return lane;
  }

  async #readOn(lane: number, destination: string, partition: number, start: number, options: ReadOptions): Promise<LogSlice> {
    const until = performance.now() + (options.waitMs ?? 0);
    for (let from = start; ;) {
      const waitMs = Math.max(0, Math.min(longestWaitMs, Math.ceil(until - performance.now())));
      const fetched = await this.#fetch(lane, destination, partition, from, waitMs, options);
      const messages = messagesOf(partition, fetched, from);
      const isAtEnd = fetched.next === from;
      if (messages.length > 0 || (isAtEnd && performance.now() >= until)) return { messages, next: fetched.next };
      from = fetched.next;
    }
  }

  /** One answer of the leader, from the earliest offset where `from` is gone. */
  async #fetch(
    lane: number,
    destination: string,
    partition: number,
    from: number,
    maxWaitMs: number,
    { maxBytes = defaultReadBytes, signal }: ReadOptions,
  ): Promise<FetchedPartition> {
    const { cluster, offsets, isCommitted } = this.#parts();
    const patience = new Patience(cluster.settings.patienceMs, cluster.closing);
    for (let offset = from; ;) {
      if (signal?.aborted === true) throw raise('CANCELLED', {});
      try {
        const link = await cluster.leaderLink(`read-${lane}`, destination, partition);
        const ask = {
          topic: destination,
          partitions: [{ partition, from: offset }],
          maxWaitMs,
          maxBytes,
          partitionBytes: maxBytes,
          isCommitted,
        };
        const [fetched] = await cancellable(fetchBatches(cluster.library, link, ask), signal);
        if (fetched!.errorCode === 0) return fetched!;
        throw new cluster.library.ProtocolError(fetched!.errorCode);
      } catch (error) {
        cluster.closing.throwIfAborted();
        if (apiIdOf(error) === 'OFFSET_OUT_OF_RANGE') {
          offset = await this.#clamp(offsets, destination, partition, offset);
          continue;
        }
        if (!isTransient(error) || !patience.lasts) throw cluster.failure(error, `read '${destination}'`, patience.waitedMs);
        if ((await cluster.refresh(destination)) === undefined) throw raise('DESTINATION_UNKNOWN', { destination });
        await patience.pause();
      }
    }
  }

  async #clamp(offsets: Offsets, destination: string, partition: number, offset: number): Promise<number> {
    const bounds = (await this.partitions(destination)).find((each) => each.partition === partition);
    if (offset < bounds!.earliest) return bounds!.earliest;
    const end = await offsets.at(destination, new Map([[partition, latest]]));
    return Math.min(offset, end.get(partition)!);
  }
}

function messagesOf(partition: number, { batches }: FetchedPartition, from: number): LogMessage[] {
  const messages: LogMessage[] = [];
  for (const batch of batches) {
    const cursor = new RecordCursor(batch);
    while (!cursor.isAtEnd) {
      const place = cursor.next();
      if (place.offset >= from) messages.push(new RecordView(partition, batch, place));
    }
  }
  return messages;
}

/** Rejects at once when the signal is aborted; the answer is then of no interest. */
async function cancellable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(raise('CANCELLED', {}));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
