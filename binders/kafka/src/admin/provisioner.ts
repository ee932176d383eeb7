import type { DestinationInfo, DestinationSpec, Provisioner } from '@millrace/messaging/binder';
import type { Cluster } from '../client/cluster.ts';
import type { Offsets } from '../client/offsets.ts';
import { earliest, latest } from '../client/offsets.ts';
import type { TopicView } from '../client/topics.ts';
import { raise } from '../errors.ts';
import type { Groups } from './groups.ts';
import { removalsTopic } from '../parking/removals.ts';
import { checkName } from './topics.ts';
import type { Topics } from './topics.ts';

/** What the provisioner works with. */
export interface ProvisionerParts {
  readonly cluster: Cluster;
  readonly topics: Topics;
  readonly offsets: Offsets;
  readonly groups: Groups;
}

/** Destinations are topics of the same name. */
export class KafkaProvisioner implements Provisioner {
  readonly #parts: () => ProvisionerParts;

  constructor(parts: () => ProvisionerParts) {
    this.#parts = parts;
  }

  async ensure(destination: string, spec: DestinationSpec = {}): Promise<DestinationInfo> {
    const { cluster, topics } = this.#parts();
    checkName(destination);
    const { kind = 'log' } = spec;
    if (kind !== 'log') throw raise('KIND_UNSUPPORTED', { destination, kind });
    const found = await cluster.refresh(destination);
    // Made by somebody else meanwhile, it may differ all the same.
    const view = found ?? (await topics.create(destination, spec));
    const info = await this.#info(view);
    this.#compare(info, spec);
    return info;
  }

  async describe(destination: string): Promise<DestinationInfo | undefined> {
    const { cluster, groups } = this.#parts();
    const view = await cluster.refresh(destination);
    if (view === undefined) return undefined;
    const partitions = view.partitions.map(({ partition }) => partition);
    const [info, count, names] = await Promise.all([
      this.#info(view),
      this.#count(destination, partitions),
      groups.of(destination, partitions),
    ]);
    return { ...info, count, groups: names };
  }

  async list(): Promise<readonly DestinationInfo[]> {
    const { cluster, topics } = this.#parts();
    const views = (await cluster.allTopics()).filter(({ name }) => name !== removalsTopic);
    const specs = await topics.specs(views.map(({ name }) => name));
    return views.map((view) => infoOf(view, specs.get(view.name)));
  }

  async delete(destination: string): Promise<void> {
    await this.#parts().topics.delete(destination);
  }

  deadLetterName(destination: string, group: string): string {
    return `error.${destination}.${group}`;
  }

  async #info(view: TopicView): Promise<DestinationInfo> {
    const specs = await this.#parts().topics.specs([view.name]);
    return infoOf(view, specs.get(view.name));
  }

  async #count(destination: string, partitions: readonly number[]): Promise<number> {
    const { offsets } = this.#parts();
    const at = (time: bigint) => offsets.at(destination, new Map(partitions.map((partition) => [partition, time])));
    const [first, end] = await Promise.all([at(earliest), at(latest)]);
    return partitions.reduce((sum, partition) => sum + end.get(partition)! - first.get(partition)!, 0);
  }

  #compare(info: DestinationInfo, spec: DestinationSpec): void {
    for (const property of ['partitions', 'retentionMs', 'retentionBytes', 'compact'] as const) {
      const [actual, wanted] = [info[property], spec[property]];
      if (wanted === undefined || actual === wanted) continue;
      throw raise('DESTINATION_DIFFERS', { destination: info.name, property, actual: actual ?? 'unlimited', wanted });
    }
  }
}

function infoOf(view: TopicView, spec: DestinationSpec | undefined): DestinationInfo {
  const partitions = view.partitions.length;
  const { retentionMs, retentionBytes, compact } = spec ?? {};
  // Kafka counts the bytes of each partition.
  return {
    name: view.name,
    kind: 'log',
    partitions,
    retentionMs,
    retentionBytes: retentionBytes === undefined ? undefined : retentionBytes * partitions,
    compact,
  };
}
