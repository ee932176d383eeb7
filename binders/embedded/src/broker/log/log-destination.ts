import type { DestinationInfo, DestinationSpec } from '@millrace/messaging/binder';
import type { BatchInput } from '../../journal/journal.ts';
import { raise } from '../../errors.ts';
import type { PartitionBatchMeta } from '../../wire/protocol.ts';
import { ConsumerGroup } from './consumer-group.ts';
import type { BrokerContext } from '../context.ts';
import { ParkingIndex } from '../parking/parking-index.ts';
import { checkedBatch, Partition, sections } from './partition.ts';

/** A destination as the catalogue stores it. */
export interface StoredDestination {
  readonly kind: 'log' | 'queue' | 'region';
  readonly id: number;
  readonly streams: readonly number[];
  readonly spec: DestinationSpec;
  /** The stream of removals, where messages are parked. */
  readonly parking?: number | undefined;
  readonly changeRetentionMs?: number | undefined;
  /** Tells this region from an earlier one of the same name. */
  readonly epoch?: string | undefined;
}

/** An event stream: partitions and the groups that read them. */
export class LogDestination {
  readonly kind = 'log';
  readonly name: string;
  readonly stored: StoredDestination;
  readonly partitions: readonly Partition[];
  readonly groups = new Map<string, ConsumerGroup>();
  readonly #context: BrokerContext;
  parking: ParkingIndex | undefined;

  constructor(context: BrokerContext, name: string, stored: StoredDestination) {
    this.#context = context;
    this.name = name;
    this.stored = stored;
    this.partitions = stored.streams.map((stream, number) => new Partition(context, name, number, stream));
    if (stored.parking !== undefined) this.parking = new ParkingIndex(context, this.partitions[0]!, stored.parking);
    this.#setPolicy(stored.spec);
    this.#recoverGroups();
  }

  get info(): DestinationInfo {
    return {
      ...this.stored.spec,
      name: this.name,
      kind: 'log',
      partitions: this.partitions.length,
      count: this.parking?.count ?? this.partitions.reduce((sum, { bounds }) => sum + bounds.next - bounds.earliest, 0),
      groups: [...this.groups.values()].filter((group) => group.durable).map((group) => group.name),
    };
  }

  partition(number: number): Partition {
    const partition = this.partitions[number];
    if (partition === undefined)
      throw raise('PARTITION_UNKNOWN', { destination: this.name, partition: number, partitions: this.partitions.length });
    return partition;
  }

  /** The group, made durable with the next commit if it is new and named. */
  group(name: string, durable: boolean): ConsumerGroup {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new ConsumerGroup(this.#context, this, name, durable);
      this.groups.set(name, group);
    }
    return group;
  }

  /** The batches of a body, ready to be committed. */
  batches(metas: readonly PartitionBatchMeta[], body: Uint8Array): BatchInput[] {
    const parts = sections(body, metas);
    return metas.map((meta) => checkedBatch(this.partition(meta.partition).stream, meta, parts.next().value as Uint8Array));
  }

  /** To be called after batches were committed. */
  appended(metas: readonly PartitionBatchMeta[], bases: readonly number[]): void {
    metas.forEach((meta, i) => {
      this.parking?.added(bases[i]!, meta.count);
      this.partitions[meta.partition]!.appended();
    });
  }

  /** Ends everything that waits for this destination. */
  dropped(): void {
    for (const group of this.groups.values()) group.dropped();
    for (const partition of this.partitions) partition.appended();
  }

  #setPolicy({ retentionMs, retentionBytes, compact }: DestinationSpec): void {
    const keep = this.parking === undefined ? {} : { isLive: this.parking.isLive };
    for (const { stream } of this.partitions)
      this.#context.journal.setPolicy(stream, { retentionMs, retentionBytes, compact, ...keep });
  }

  #recoverGroups(): void {
    for (const [key] of this.#context.control.entries(`g|${this.stored.id}|`)) {
      const name = key.slice(`g|${this.stored.id}|`.length);
      this.group(name, true);
    }
  }
}
