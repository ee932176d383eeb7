import type { MillraceError } from '@millrace/core';
import type { OutboundMessage, ProducerBinding, SendOutcome } from '@millrace/messaging/binder';
import type { Cluster } from '../client/cluster.ts';
import { raise } from '../errors.ts';
import type { WireRecord } from '../records/batch-writer.ts';
import type { Senders } from './senders.ts';
import { parcelsOf, Sending } from './sending.ts';
import type { WireForm } from './wire-form.ts';

/** What producers of a binder share. */
export interface ProducerSetup {
  readonly cluster: Cluster;
  readonly senders: Senders;
  readonly form: WireForm;
  readonly maxBatchBytes: number;
}

interface PartitionLoad {
  readonly indexes: number[];
  readonly records: WireRecord[];
}

/** Sends messages to a topic. */
export class Producer implements ProducerBinding {
  readonly destination: string;
  /** By Kafka's own rule, as every other client: murmur2. */
  readonly placesKeys = true;
  readonly #setup: ProducerSetup;
  readonly #underWay = new Set<Promise<unknown>>();
  #partitions: number;
  #closed = false;

  constructor(setup: ProducerSetup, destination: string, partitions: number) {
    this.#setup = setup;
    this.destination = destination;
    this.#partitions = partitions;
  }

  /** Grows with the topic. */
  get partitions(): number {
    this.#partitions = this.#setup.cluster.known(this.destination)?.partitions.length ?? this.#partitions;
    return this.#partitions;
  }

  send(messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    if (this.#closed) return Promise.reject(raise('PRODUCER_CLOSED', { destination: this.destination }));
    const sending = new Sending(messages.length);
    for (const [partition, load] of this.#sort(messages, sending)) {
      const parcels = parcelsOf(sending, load.indexes, load.records, this.#setup.maxBatchBytes);
      this.#setup.senders.of(this.destination, partition).add(parcels);
    }
    this.#underWay.add(sending.settled);
    return sending.settled.finally(() => this.#underWay.delete(sending.settled));
  }

  /** Resolves when what was sent is settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#underWay);
  }

  #sort(messages: readonly OutboundMessage[], sending: Sending): Map<number, PartitionLoad> {
    const { form } = this.#setup;
    const { partitions } = this;
    const now = Date.now();
    const spread = form.nextSpread(partitions);
    const loads = new Map<number, PartitionLoad>();
    messages.forEach((message, index) => {
      try {
        const partition = form.partitionOf(this.destination, message, partitions, spread);
        const record = form.recordOf(this.destination, message, now);
        let load = loads.get(partition);
        if (load === undefined) loads.set(partition, (load = { indexes: [], records: [] }));
        load.indexes.push(index);
        load.records.push(record);
      } catch (error) {
        sending.settle(index, { error: error as MillraceError });
      }
    });
    return loads;
  }
}
