import type { Cluster } from '../client/cluster.ts';

/** What the broker knows a producer by, so that it stores each of its batches once. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
}

/** Gets identities from the cluster. */
export class ProducerIdentities {
  readonly #cluster: Cluster;
  #shared: Promise<ProducerIdentity> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The identity that partitions start with. */
  shared(): Promise<ProducerIdentity> {
    const asked = (this.#shared ??= this.fresh());
    asked.catch(() => {
      if (this.#shared === asked) this.#shared = undefined;
    });
    return asked;
  }

  /** One that nobody had before, for a partition where it is not known what was stored. */
  async fresh(): Promise<ProducerIdentity> {
    const link = await this.#cluster.anyLink();
    const { producerId, producerEpoch } = await link.call(this.#cluster.requests.initProducerId, null, 0, -1n, -1);
    return { producerId, epoch: producerEpoch };
  }
}
