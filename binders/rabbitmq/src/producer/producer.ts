import type { OutboundMessage, ProducerBinding, SendOutcome } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import type { Names } from '../topology/names.ts';
import { partitionOfKey } from './partition-choice.ts';
import type { Publisher } from './publisher.ts';
import { outcomeOf, prepare } from './sending.ts';

/** What producers of a binder share. */
export interface ProducerSetup {
  readonly publisher: Publisher;
  readonly names: Names;
  readonly maxMessageBytes: number;
  /** Whether streams hold what is sent. */
  readonly isStream: boolean;
  readonly isClosed: () => boolean;
}

/** Publishes to a destination's exchange, with the partition in the routing key. */
export class Producer implements ProducerBinding {
  readonly destination: string;
  readonly partitions: number;
  readonly #setup: ProducerSetup;
  readonly #underWay = new Set<Promise<unknown>>();
  #next = 0;
  #isClosed = false;

  constructor(setup: ProducerSetup, destination: string, partitions: number) {
    this.#setup = setup;
    this.destination = destination;
    this.partitions = partitions;
  }

  async send(messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    if (this.#isClosed || this.#setup.isClosed()) throw raise('PRODUCER_CLOSED', { destination: this.destination });
    const sending = Promise.all(messages.map((message) => this.#sendOne(message)));
    this.#underWay.add(sending);
    try {
      return await sending;
    } finally {
      this.#underWay.delete(sending);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#underWay);
  }

  async #sendOne(message: OutboundMessage): Promise<SendOutcome> {
    const { names, publisher, maxMessageBytes, isStream } = this.#setup;
    const { destination, partitions } = this;
    const partition = this.#partitionOf(message);
    if (!(Number.isInteger(partition) && partition >= 0 && partition < partitions))
      return { error: raise('PARTITION_UNKNOWN', { destination, partition, partitions }) };
    const prepared = prepare(message, destination, maxMessageBytes, isStream);
    if (prepared.error !== undefined) return { error: prepared.error };
    const routingKey = names.routingKey(destination, partition, partitions);
    const error = await publisher.publish({ exchange: names.exchange(destination), routingKey, destination }, prepared.message);
    return outcomeOf(error, partition);
  }

  #partitionOf({ partition, key }: OutboundMessage): number {
    if (partition !== undefined) return partition;
    if (this.partitions === 1) return 0;
    return key === undefined ? this.#next++ % this.partitions : partitionOfKey(key, this.partitions);
  }
}
