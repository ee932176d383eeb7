import type { ConsumeMessage } from 'amqplib';
import type { ConsumerBinding, ConsumerOptions, Delivery } from '@millrace/messaging/binder';
import type { Admin } from '../client/admin.ts';
import type { Declarations } from '../topology/declarations.ts';
import type { Names } from '../topology/names.ts';
import { QueueReader } from './queue-reader.ts';

const defaultInFlight = 1000;

/** What consumers of groups on queues share. */
export interface GroupSetup {
  readonly admin: Admin;
  readonly declarations: Declarations;
  readonly names: Names;
  readonly maxPrefetch: number;
  readonly hasDeadLetters: boolean;
  isGone(destination: string): Promise<boolean>;
}

/** Who reads what. */
export interface GroupPlace {
  readonly destination: string;
  readonly partitions: number;
  /** `undefined`: a subscription of its own, on a queue that goes with it. */
  readonly group: string | undefined;
}

/** A member of a group on queues: it competes with the other members for what is in each of its partitions. */
export class GroupConsumer implements ConsumerBinding {
  readonly destination: string;
  readonly group: string;
  readonly #setup: GroupSetup;
  readonly #options: ConsumerOptions;
  readonly #groupQueues: readonly string[];
  readonly #reader: QueueReader;

  constructor(setup: GroupSetup, place: GroupPlace, options: ConsumerOptions) {
    const { names, admin } = setup;
    const { destination } = place;
    this.destination = destination;
    this.group = place.group ?? names.anonymous();
    this.#setup = setup;
    this.#options = options;
    const partitions = this.#partitionsOf(place);
    const { maxInFlight = defaultInFlight } = options;
    this.#groupQueues = this.#queuesOf(place);
    this.#reader = new QueueReader(admin.link, {
      name: destination,
      label: `group '${this.group}' of '${destination}'`,
      queues: [...partitions.keys()],
      prefetch: Math.min(maxInFlight, setup.maxPrefetch),
      maxInFlight,
      patienceMs: admin.patienceMs,
      partitionOf: (queue, message) => partitions.get(queue) ?? partitionIn(message, place.partitions),
      prepare: () => this.#prepare(place),
      isGone: () => setup.isGone(destination),
    });
    this.#partitions = [...partitions.values()].filter((each) => each !== undefined);
  }

  readonly #partitions: readonly number[];

  async start(): Promise<void> {
    await this.#reader.start();
    this.#options.listener?.assigned?.(this.#partitions);
  }

  receive(max: number, waitMs?: number): Promise<readonly Delivery[]> {
    return this.#reader.receive(max, waitMs);
  }

  ack(deliveries: readonly Delivery[]): Promise<void> {
    return this.#reader.ack(deliveries);
  }

  release(deliveries: readonly Delivery[], delayMs?: number): Promise<void> {
    return this.#reader.release(deliveries, delayMs);
  }

  pause(partitions?: readonly number[]): void {
    this.#reader.pause(partitions);
  }

  resume(partitions?: readonly number[]): void {
    this.#reader.resume(partitions);
  }

  /** What waits on the server and what this member holds; what other members hold the server does not tell. */
  lag(): Promise<number | undefined> {
    return this.#reader.backlog(this.#groupQueues);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  /** The queues to read, with the partition of those that hold one. */
  #partitionsOf(place: GroupPlace): Map<string, number | undefined> {
    if (place.group === undefined) return new Map(this.#queuesOf(place).map((queue) => [queue, undefined]));
    const { index, count } = this.#options.assignment ?? { index: 0, count: 1 };
    const all = this.#queuesOf(place).map((queue, partition) => [queue, partition] as const);
    return new Map(all.filter(([, partition]) => partition % count === index));
  }

  /** The queues of all members, by partition. */
  #queuesOf({ destination, partitions, group }: GroupPlace): readonly string[] {
    const { names } = this.#setup;
    if (group === undefined) return [names.group(destination, this.group)];
    return Array.from({ length: partitions }, (_, partition) => names.queue(destination, group, partition, partitions));
  }

  async #prepare({ destination, partitions, group }: GroupPlace): Promise<void> {
    const { declarations, names, hasDeadLetters } = this.#setup;
    await declarations.exchange(destination);
    if (group === undefined) return declarations.anonymous(destination, names.group(destination, this.group));
    await declarations.group(destination, group, partitions);
    if (hasDeadLetters) await declarations.deadLetter(destination, group, partitions);
  }
}

/** The partition that the routing key ends with. */
function partitionIn({ fields }: ConsumeMessage, partitions: number): number {
  const partition = Number(/-(\d+)$/.exec(fields.routingKey)?.[1] ?? 0);
  return partitions > 1 && partition < partitions ? partition : 0;
}
