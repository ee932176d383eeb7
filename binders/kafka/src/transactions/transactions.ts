import { randomUUID } from 'node:crypto';
import type { Delivery, OutboundMessage, Transaction, TransactionFacet } from '@millrace/messaging/binder';
import type { Topics } from '../admin/topics.ts';
import type { Cluster } from '../client/cluster.ts';
import { Consumer } from '../consumer/consumer.ts';
import { raise } from '../errors.ts';
import type { SendSettings } from '../producer/partition-sender.ts';
import type { WireForm } from '../producer/wire-form.ts';
import type { WireRecord } from '../records/batch-writer.ts';
import type { TransactionSettings } from '../settings.ts';
import { GroupMovedOn, Transactor } from './transactor.ts';
import type { ConsumedPart, ProducedPart } from './transactor.ts';

/** What transactions work with. */
export interface TransactionParts {
  readonly cluster: Cluster;
  readonly topics: Topics;
  readonly form: WireForm;
}

/** Deliveries of one consumer. */
interface Consumed {
  readonly consumer: Consumer;
  readonly deliveries: readonly Delivery[];
}

/** They take turns: the broker is done with a transaction only some time after it is committed. */
const transactorCount = 4;

/** Consumed positions and produced messages in one transaction of Kafka. */
export class KafkaTransactions implements TransactionFacet {
  readonly #parts: () => TransactionParts;
  readonly #send: SendSettings;
  readonly #settings: TransactionSettings;
  readonly #prefix: string;
  readonly #waiting: ((transactor: Transactor) => void)[] = [];
  readonly #free: Transactor[] = [];
  #begun: Promise<void> | undefined;

  constructor(parts: () => TransactionParts, send: SendSettings, settings: TransactionSettings) {
    this.#parts = parts;
    this.#send = send;
    this.#settings = settings;
    // Fencing of zombies is by the group's generation; a name of our own alone means that nobody is in the way.
    this.#prefix = settings.idPrefix ?? `millrace-${randomUUID()}-`;
  }

  async commit({ consumed, produced }: Transaction): Promise<void> {
    const from = consumed.map(({ binding, deliveries }) => ({ consumer: ownConsumer(binding), deliveries }));
    const loads = await this.#load(produced);
    if (loads.length === 0 && from.every(({ deliveries }) => deliveries.length === 0)) return;
    await this.#holding(
      from.map(({ consumer }) => consumer),
      () => this.#commitLoads(from, loads),
    );
  }

  /** Nothing else commits positions of these consumers meanwhile: a lower one must not overtake. */
  #holding(consumers: readonly Consumer[], work: () => Promise<void>): Promise<void> {
    // In one order for all, so that no two wait for each other.
    const sorted = [...new Set(consumers)].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return sorted.reduceRight((inner, consumer) => () => consumer.holdingCommits(inner), work)();
  }

  async #commitLoads(from: readonly Consumed[], loads: readonly ProducedPart[]): Promise<void> {
    for (;;) {
      try {
        const positions = from.flatMap((each) => consumedPart(each));
        if (positions.length > 0 || loads.length > 0)
          await this.#withTransactor((transactor) => transactor.commit(positions, loads));
        for (const { consumer, deliveries } of from) consumer.acknowledgeCommitted(deliveries);
        return;
      } catch (error) {
        if (!(error instanceof GroupMovedOn)) throw error;
        await this.#follow(from, error);
      }
    }
  }

  /** Waits for the group's next generation. What is then still ours is tried again; what is not is a conflict. */
  async #follow(from: readonly Consumed[], { part }: GroupMovedOn): Promise<void> {
    for (const { consumer } of from)
      if (consumer.group === part.group && consumer.destination === part.topic)
        await consumer.movedOn(part.member).catch((error: unknown) => {
          throw raise('TRANSACTION_FENCED', { group: part.group }, error);
        });
  }

  async #load(produced: Transaction['produced']): Promise<ProducedPart[]> {
    const loads: ProducedPart[] = [];
    for (const { destination, messages } of produced)
      for (const [partition, records] of await this.#place(destination, messages))
        loads.push({ topic: destination, partition, records });
    return loads;
  }

  async #place(destination: string, messages: readonly OutboundMessage[]): Promise<Map<number, WireRecord[]>> {
    const { cluster, topics, form } = this.#parts();
    const view = cluster.known(destination) ?? (await topics.bound(destination));
    const partitions = view.partitions.length;
    const [now, spread] = [Date.now(), form.nextSpread(partitions)];
    const placed = new Map<number, WireRecord[]>();
    for (const message of messages) {
      const partition = form.partitionOf(destination, message, partitions, spread);
      const record = form.recordOf(destination, message, now);
      const records = placed.get(partition);
      if (records === undefined) placed.set(partition, [record]);
      else records.push(record);
    }
    return placed;
  }

  async #withTransactor(work: (transactor: Transactor) => Promise<void>): Promise<void> {
    await this.#begin();
    const transactor = this.#free.shift() ?? (await new Promise<Transactor>((resolve) => this.#waiting.push(resolve)));
    try {
      await work(transactor);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(transactor);
      else next(transactor);
    }
  }

  /** All names at once, so that a process that had them before can commit under none of them. */
  #begin(): Promise<void> {
    this.#begun ??= this.#beginAll().catch((error: unknown) => {
      this.#begun = undefined;
      throw error;
    });
    return this.#begun;
  }

  async #beginAll(): Promise<void> {
    const { cluster } = this.#parts();
    const names = Array.from({ length: transactorCount }, (_, index) => `${this.#prefix}${index}`);
    const all = names.map((id) => new Transactor(cluster, this.#send, id, this.#settings.timeoutMs));
    await Promise.all(all.map((transactor) => transactor.begin()));
    this.#free.push(...all);
  }
}

/** Where a group will stand. Throws `CONFLICT` for deliveries of partitions that are somebody else's by now. */
function consumedPart({ consumer, deliveries }: Consumed): ConsumedPart[] {
  const furthest = consumer.furthest(deliveries);
  for (const window of furthest.keys()) if (window.state === 'gone') throw raise('TRANSACTION_FENCED', { group: consumer.group });
  if (furthest.size === 0 || consumer.isAnonymous) return [];
  const positions = new Map([...furthest].map(([{ partition }, offset]) => [partition, offset + 1]));
  return [{ group: consumer.group, topic: consumer.destination, member: consumer.identity, positions }];
}

function ownConsumer(binding: unknown): Consumer {
  if (binding instanceof Consumer) return binding;
  throw raise('FOREIGN_DELIVERY', { source: 'a transaction' });
}
