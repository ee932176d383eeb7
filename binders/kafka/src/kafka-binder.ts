import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '@millrace/core';
import type {
  Binder,
  BinderCapabilities,
  BinderListener,
  ConsumerOptions,
  Diagnosis,
  ProducerOptions,
} from '@millrace/messaging/binder';
import { diagnose } from './admin/diagnosis.ts';
import { Groups } from './admin/groups.ts';
import { KafkaProvisioner } from './admin/provisioner.ts';
import { Topics } from './admin/topics.ts';
import { kafkaCapabilities } from './capabilities.ts';
import { Cluster } from './client/cluster.ts';
import { loadLibrary } from './client/library.ts';
import { Offsets } from './client/offsets.ts';
import { codeOf } from './client/translate.ts';
import { Consumer } from './consumer/consumer.ts';
import { GroupMember } from './consumer/group-member.ts';
import { FixedPartitions, SharedPartitions } from './consumer/membership.ts';
import type { Membership } from './consumer/membership.ts';
import { raise } from './errors.ts';
import { KafkaLog } from './log-facet.ts';
import { KafkaParking } from './parking/parking.ts';
import { Producer } from './producer/producer.ts';
import { Senders } from './producer/senders.ts';
import { WireForm } from './producer/wire-form.ts';
import type { Settings } from './settings.ts';
import { KafkaTransactions } from './transactions/transactions.ts';

/** What there is once the binder is open. */
interface Opened {
  readonly cluster: Cluster;
  readonly offsets: Offsets;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly senders: Senders;
  readonly form: WireForm;
}

/** The Kafka binder: destinations are topics, groups are consumer groups. */
export class KafkaBinder implements Binder {
  readonly name = 'kafka';
  readonly provisioner: KafkaProvisioner;
  readonly log: KafkaLog;
  readonly parking: KafkaParking;
  readonly transactions: KafkaTransactions;
  readonly #settings: Settings;
  readonly #producers = new Set<Producer>();
  readonly #consumers = new Set<Consumer>();
  #capabilities: BinderCapabilities;
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#capabilities = kafkaCapabilities(settings.maxMessageBytes, settings.send.acks === -1 ? 'machine-loss' : 'process-crash');
    this.provisioner = new KafkaProvisioner(() => this.#parts());
    this.log = new KafkaLog(() => ({
      ...this.#parts(),
      isCommitted: settings.fetch.isCommitted,
      consumers: (group, destination) => this.#consumersOf(group, destination),
    }));
    this.parking = new KafkaParking(() => ({
      ...this.#parts(),
      log: this.log,
      send: (topic, messages) => this.#producer(topic).send(messages),
    }));
    this.transactions = new KafkaTransactions(() => this.#parts(), settings.send, settings.transactions);
  }

  /** What it can do on a cluster; once it is open, on the one that it found. */
  get capabilities(): BinderCapabilities {
    return this.#capabilities;
  }

  async open(listener: BinderListener = {}): Promise<void> {
    if (this.#closing !== undefined) throw raise('BINDER_CLOSED', {});
    this.#opening ??= this.#open(listener);
    await this.#opening;
  }

  async bindProducer(destination: string, options: ProducerOptions = {}): Promise<Producer> {
    await this.#parts().topics.bound(destination, options.partitions);
    const producer = this.#producer(destination);
    this.#producers.add(producer);
    return producer;
  }

  async bindConsumer(destination: string, group: string | undefined, options: ConsumerOptions = {}): Promise<Consumer> {
    const { cluster, offsets, topics } = this.#parts();
    await topics.bound(destination, options.partitions);
    const { fetch, revokeMs } = this.#settings;
    const place = {
      id: randomUUID().slice(0, 8),
      destination,
      group: group ?? `anonymous.${randomUUID()}`,
      isAnonymous: group === undefined,
    };
    const consumer = new Consumer({ cluster, offsets, fetch, revokeMs }, place, options);
    this.#consumers.add(consumer);
    try {
      await consumer.start(this.#membership(consumer, options, place.isAnonymous));
    } catch (error) {
      this.#consumers.delete(consumer);
      await consumer.close();
      throw cluster.failure(error, `take part in group '${place.group}'`);
    }
    return consumer;
  }

  errorCode(error: unknown): ErrorCode {
    return codeOf(error);
  }

  async diagnose(): Promise<readonly Diagnosis[]> {
    return diagnose(this.#parts().cluster, this.#settings.send.acks);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** A producer of a topic that was looked up before. */
  #producer(destination: string): Producer {
    const { cluster, senders, form } = this.#parts();
    const { maxBatchBytes } = this.#settings.send;
    return new Producer({ cluster, senders, form, maxBatchBytes }, destination, cluster.known(destination)?.partitions.length ?? 1);
  }

  #membership(consumer: Consumer, { assignment }: ConsumerOptions, isAnonymous: boolean): Membership {
    const { cluster } = this.#parts();
    const owner = {
      id: consumer.id,
      group: consumer.group,
      topic: consumer.destination,
      assigned: (partitions: readonly number[], areNew?: boolean) => consumer.assigned(partitions, areNew),
      revoked: (partitions: readonly number[]) => consumer.revoked(partitions),
      lost: (partitions: readonly number[]) => consumer.lost(partitions),
      failed: (error: unknown) => consumer.failed(error),
    };
    if (!isAnonymous && assignment === undefined)
      return new SharedPartitions(
        new GroupMember(cluster, { ...this.#settings.member, instanceId: this.#instanceId(consumer) }, owner),
      );
    const { index, count } = assignment ?? { index: 0, count: 1 };
    const isOurs = (partition: number): boolean => partition % count === index;
    return new FixedPartitions(cluster, owner, isOurs, this.#settings.member.metadataMaxAgeMs);
  }

  /** One process may have several members in a group; their names must differ, and be the same after a restart. */
  #instanceId(consumer: Consumer): string | null {
    const { groupInstanceId } = this.#settings;
    if (groupInstanceId === undefined) return null;
    const others = this.#consumersOf(consumer.group, consumer.destination).length - 1;
    return `${groupInstanceId}-${consumer.destination}-${others}`;
  }

  #consumersOf(group: string, destination: string): readonly Consumer[] {
    return [...this.#consumers].filter((each) => each.group === group && each.destination === destination && !each.isClosed);
  }

  #parts(): Opened {
    if (this.#closing !== undefined) throw raise('BINDER_CLOSED', {});
    if (this.#opened === undefined) throw raise('NOT_OPEN', {});
    return this.#opened;
  }

  async #open(listener: BinderListener): Promise<Opened> {
    const { cluster: clusterSettings, send, topics, fetch, maxMessageBytes } = this.#settings;
    const cluster = new Cluster(await loadLibrary(), clusterSettings, listener);
    try {
      await cluster.open();
    } catch (error) {
      await cluster.close();
      this.#opening = undefined;
      throw cluster.unreachable(error);
    }
    // Kafka acknowledges before it flushes: a lone broker has nobody to keep what its machine loses.
    if (cluster.brokerIds.length < 2) this.#capabilities = kafkaCapabilities(maxMessageBytes, 'process-crash');
    const offsets = new Offsets(cluster, fetch.isCommitted);
    this.#opened = {
      cluster,
      offsets,
      topics: new Topics(cluster, topics),
      groups: new Groups(cluster, offsets),
      senders: new Senders(cluster, send),
      form: new WireForm(maxMessageBytes),
    };
    return this.#opened;
  }

  async #close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    if (opened === undefined) return;
    await Promise.allSettled([...this.#producers].map((producer) => producer.close()));
    const closed = await Promise.allSettled([...this.#consumers].map((consumer) => consumer.close()));
    await opened.cluster.close();
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }
}
