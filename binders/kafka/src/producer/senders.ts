import type { Cluster } from '../client/cluster.ts';
import { ProducerIdentities } from './identities.ts';
import type { SendSettings } from './partition-sender.ts';
import { PartitionSender } from './partition-sender.ts';

/** The senders of a binder: one per partition, however many producers are bound. */
export class Senders {
  readonly #cluster: Cluster;
  readonly #settings: SendSettings;
  readonly #identities: ProducerIdentities;
  readonly #topics = new Map<string, PartitionSender[]>();

  constructor(cluster: Cluster, settings: SendSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#identities = new ProducerIdentities(cluster);
  }

  of(topic: string, partition: number): PartitionSender {
    let senders = this.#topics.get(topic);
    if (senders === undefined) this.#topics.set(topic, (senders = []));
    return (senders[partition] ??= new PartitionSender(this.#cluster, this.#identities, this.#settings, topic, partition));
  }
}
