import type { OutboundMessage, ProducerBinding, SendOutcome } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import type { Client } from './client.ts';
import { batchMeta, encodeBatches } from './encoding.ts';
import type { IndexedBatch } from './encoding.ts';
import { asMillraceError } from './link.ts';
import { partitionOf } from './partition-of.ts';

/** Bytes of one request, about. */
const requestBytes = 4 * 1024 * 1024;

interface PartitionBatch extends IndexedBatch {
  readonly partition: number;
}

/** Sends messages to a log: one request per call of {@link send}, durable when answered. */
export class Producer implements ProducerBinding {
  readonly destination: string;
  readonly partitions: number;
  readonly #client: Client;
  readonly #underWay = new Set<Promise<unknown>>();
  #spread = 0;
  #closed = false;

  constructor(client: Client, destination: string, partitions: number) {
    this.#client = client;
    this.destination = destination;
    this.partitions = partitions;
  }

  send(messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    if (this.#closed) return Promise.reject(raise('BINDER_CLOSED', {}));
    const sent = this.#send(messages);
    this.#underWay.add(sent);
    return sent.finally(() => this.#underWay.delete(sent));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  async #send(messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    const outcomes: (SendOutcome | undefined)[] = [];
    outcomes.length = messages.length;
    const requests = inRequests(this.#encode(messages, outcomes));
    // All are begun before any is awaited, so that they stay in order.
    if (requests.length > 0) await Promise.all(requests.map((batches) => this.#transmit(batches, outcomes)));
    return outcomes as SendOutcome[];
  }

  #encode(messages: readonly OutboundMessage[], outcomes: (SendOutcome | undefined)[]): PartitionBatch[] {
    const { clock, limits, spares } = this.#client;
    const encoding = { now: clock.now(), maxMessageBytes: limits.maxMessageBytes, spares };
    const batches: PartitionBatch[] = [];
    for (const [partition, indexes] of this.#byPartition(messages, outcomes))
      for (const batch of encodeBatches(messages, indexes, encoding, outcomes)) batches.push({ ...batch, partition });
    return batches;
  }

  #byPartition(messages: readonly OutboundMessage[], outcomes: (SendOutcome | undefined)[]): Map<number, number[]> {
    const byPartition = new Map<number, number[]>();
    // Messages without key or partition go together; the next call's go elsewhere.
    const spread = this.#spread++ % this.partitions;
    let last: { readonly partition: number; readonly indexes: number[] } | undefined;
    for (let index = 0; index < messages.length; index++) {
      const { partition = this.#choose(messages[index]!, spread) } = messages[index]!;
      if (last?.partition !== partition) last = this.#indexesOf(partition, byPartition);
      if (last !== undefined) last.indexes.push(index);
      else
        outcomes[index] = {
          error: raise('PARTITION_UNKNOWN', { destination: this.destination, partition, partitions: this.partitions }),
        };
    }
    return byPartition;
  }

  /** Nothing for a partition that does not exist. */
  #indexesOf(partition: number, byPartition: Map<number, number[]>): { partition: number; indexes: number[] } | undefined {
    const indexes = byPartition.get(partition) ?? [];
    if (indexes.length > 0) return { partition, indexes };
    if (!this.#exists(partition)) return undefined;
    byPartition.set(partition, indexes);
    return { partition, indexes };
  }

  #exists(partition: number): boolean {
    return Number.isInteger(partition) && partition >= 0 && partition < this.partitions;
  }

  #choose({ key }: OutboundMessage, spread: number): number {
    return key === undefined ? spread : partitionOf(key, this.partitions);
  }

  async #transmit(batches: readonly PartitionBatch[], outcomes: (SendOutcome | undefined)[]): Promise<void> {
    const bodies = batches.map(({ encoded }) => encoded.bytes);
    const size = bodies.reduce((sum, { length }) => sum + length, 0);
    const { link, window, spares } = this.#client;
    try {
      const ask = {
        destination: this.destination,
        batches: batches.map(({ partition, encoded }) => ({ partition, ...batchMeta(encoded) })),
      };
      const { meta } = await window.within(size, () => link.call('log.send', ask, bodies));
      batches.forEach(({ indexes, partition, encoded }, i) => {
        // Only now: until it is answered it may have to be sent again.
        spares.giveBack(encoded.bytes);
        const base = meta.bases[i];
        for (let n = 0; n < indexes.length; n++)
          outcomes[indexes[n]!] = { partition, offset: base === undefined ? undefined : base + n };
      });
    } catch (error) {
      const failed = { error: asMillraceError(error) };
      for (const { indexes } of batches) for (const index of indexes) outcomes[index] = failed;
    }
  }
}

/** Batches in requests of bounded size. */
function inRequests(batches: readonly PartitionBatch[]): PartitionBatch[][] {
  const requests: PartitionBatch[][] = [];
  let room = 0;
  for (const batch of batches) {
    const { length } = batch.encoded.bytes;
    if (length > room) {
      requests.push([]);
      room = Math.max(requestBytes, length);
    }
    requests.at(-1)!.push(batch);
    room -= length;
  }
  return requests;
}
