import { headerNames } from '@millrace/messaging/binder';
import type { OutboundMessage, ParkedEntry, ParkingFacet, PartitionBounds, SendOutcome } from '@millrace/messaging/binder';
import { partError, partly } from '../client/answers.ts';
import { codeOf } from '../client/translate.ts';
import { originTimestampType } from '../records/header-names.ts';
import { offsetAfter, placeAt, positionOf } from './positions.ts';
import { Removals } from './removals.ts';
import type { RemovalParts } from './removals.ts';

export type ParkingParts = RemovalParts;

/** Dead-letter topics have names that begin so, as Spring names them. */
export const deadLetterPrefix = 'error.';

/** Dead-letter topics, in the form of Spring Cloud Stream. */
export class KafkaParking implements ParkingFacet {
  readonly #parts: () => ParkingParts;
  readonly #removals: Removals;
  #removing: Promise<unknown> = Promise.resolve();

  constructor(parts: () => ParkingParts) {
    this.#parts = parts;
    this.#removals = new Removals(parts);
  }

  async park(deadLetter: string, messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    const parts = this.#parts();
    const wanted = await this.#partitionsOfOrigins(messages);
    // What is parked waits for somebody, however long that takes.
    const view = await parts.topics.bound(deadLetter, wanted, { retentionMs: -1 });
    return parts.send(
      deadLetter,
      messages.map((message) => parkedForm(message, view.partitions.length)),
    );
  }

  async list(deadLetter: string, after: number, limit: number): Promise<readonly ParkedEntry[]> {
    const bounds = await this.#bounds(deadLetter);
    const removed = await this.#removals.of(deadLetter);
    const lists = await Promise.all(bounds.map((each) => this.#read(deadLetter, each, after, limit, removed)));
    return lists
      .flat()
      .toSorted((a, b) => a.position - b.position)
      .slice(0, limit);
  }

  remove(deadLetter: string, positions: readonly number[]): Promise<number> {
    // One after the other: what one removes must not be counted by the next.
    const removing = this.#removing.then(() => this.#remove(deadLetter, positions));
    this.#removing = removing.catch(() => undefined);
    return removing;
  }

  async summary(): Promise<readonly { readonly name: string; readonly count: number }[]> {
    const all = await this.#parts().cluster.allTopics();
    const names = all.map(({ name }) => name).filter((name) => name.startsWith(deadLetterPrefix));
    return Promise.all(names.map(async (name) => ({ name, count: await this.#count(name) })));
  }

  async #count(deadLetter: string): Promise<number> {
    const bounds = await this.#bounds(deadLetter);
    const removed = await this.#removals.of(deadLetter);
    const stored = bounds.reduce((sum, { earliest, next }) => sum + next - earliest, 0);
    return stored - [...removed].filter((position) => isWithin(bounds, position)).length;
  }

  async #remove(deadLetter: string, positions: readonly number[]): Promise<number> {
    const bounds = await this.#bounds(deadLetter);
    const removed = await this.#removals.of(deadLetter);
    const there = [...new Set(positions)].filter((position) => !removed.has(position) && isWithin(bounds, position));
    const count = await this.#removals.add(deadLetter, there);
    await this.#trim(deadLetter, bounds);
    return count;
  }

  /** Deletes what is removed from the beginning of each partition, and forgets removals of what is gone. */
  async #trim(deadLetter: string, bounds: readonly PartitionBounds[]): Promise<void> {
    const removed = await this.#removals.of(deadLetter);
    const ends = bounds.map(({ partition, earliest, next }): [number, number] => {
      let offset = earliest;
      while (offset < next && removed.has(positionOf({ partition, offset }))) offset++;
      return [partition, offset];
    });
    const moved = ends.filter(([partition, end]) => end > bounds.find((each) => each.partition === partition)!.earliest);
    if (moved.length === 0 || !(await this.#deleteBefore(deadLetter, moved))) return;
    const firsts = new Map(ends);
    const gone = [...removed].filter((position) => placeAt(position).offset < (firsts.get(placeAt(position).partition) ?? 0));
    await this.#removals.forget(deadLetter, gone);
  }

  /** False where this user may not delete: the removals are then kept as long as the messages are. */
  async #deleteBefore(deadLetter: string, ends: readonly (readonly [number, number])[]): Promise<boolean> {
    const { cluster } = this.#parts();
    try {
      await Promise.all(ends.map(([partition, end]) => this.#deleteOne(deadLetter, partition, end)));
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'PERMISSION_DENIED') return false;
      throw cluster.failure(error, `delete removed messages of '${deadLetter}'`);
    }
  }

  async #deleteOne(deadLetter: string, partition: number, end: number): Promise<void> {
    const { cluster } = this.#parts();
    await cluster.ask(
      `delete removed messages of '${deadLetter}'`,
      async () => {
        const link = await cluster.leaderLink('control', deadLetter, partition);
        const topic = { name: deadLetter, partitions: [{ partitionIndex: partition, offset: BigInt(end) }] };
        const { topics } = await partly(link.call(cluster.requests.deleteRecords, [topic], 10_000));
        const error = partError(cluster.library, topics[0]!.partitions[0]!.errorCode);
        if (error !== undefined) throw error;
      },
      () => cluster.refresh(deadLetter).then(() => undefined),
    );
  }

  async #bounds(deadLetter: string): Promise<readonly PartitionBounds[]> {
    const { cluster, log } = this.#parts();
    if ((await cluster.refresh(deadLetter)) === undefined) return [];
    return log.partitions(deadLetter);
  }

  async #read(
    deadLetter: string,
    { partition, earliest, next }: PartitionBounds,
    after: number,
    limit: number,
    removed: ReadonlySet<number>,
  ): Promise<ParkedEntry[]> {
    const entries: ParkedEntry[] = [];
    for (let from = Math.max(earliest, offsetAfter(after, partition)); from < next && entries.length < limit;) {
      const slice = await this.#parts().log.read(deadLetter, partition, from);
      if (slice.messages.length === 0) break;
      for (const { offset, payload, headers, key, timestamp } of slice.messages) {
        const position = positionOf({ partition, offset });
        if (!removed.has(position)) entries.push({ position, payload, headers, key, timestamp });
      }
      from = slice.next;
    }
    return entries.slice(0, limit);
  }

  /** A dead-letter topic has as many partitions as the topic it is for, and messages keep theirs. */
  async #partitionsOfOrigins(messages: readonly OutboundMessage[]): Promise<number> {
    const origins = new Set(messages.map(({ headers }) => headers[headerNames.originDestination]));
    const names = [...origins].filter((origin) => typeof origin === 'string' && origin !== '') as string[];
    const views = await Promise.all(names.map((name) => this.#parts().cluster.topic(name)));
    return Math.max(1, ...views.map((view) => view?.partitions.length ?? 1));
  }
}

function parkedForm(message: OutboundMessage, partitions: number): OutboundMessage {
  const { headers } = message;
  const origin = headers[headerNames.originPartition];
  const partition = typeof origin === 'number' && origin < partitions ? origin : message.partition;
  const isTimed = headers[headerNames.originTimestamp] !== undefined && headers[originTimestampType] === undefined;
  return { ...message, partition, headers: isTimed ? { ...headers, [originTimestampType]: 'CreateTime' } : headers };
}

function isWithin(bounds: readonly PartitionBounds[], position: number): boolean {
  const { partition, offset } = placeAt(position);
  const found = bounds.find((each) => each.partition === partition);
  return found !== undefined && offset >= found.earliest && offset < found.next;
}
