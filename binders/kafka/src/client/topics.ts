import type { metadataV12 } from '@platformatic/kafka';

/** A topic as the cluster described it last. */
export interface TopicView {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionView[];
}

export interface PartitionView {
  readonly partition: number;
  /** The broker that leads it; -1 while none does. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

export function topicView(topic: metadataV12.MetadataResponseTopic): TopicView {
  const partitions = topic.partitions
    .map((each) => ({
      partition: each.partitionIndex,
      leader: each.leaderId,
      leaderEpoch: each.leaderEpoch,
      replicas: each.replicaNodes,
      inSync: each.isrNodes,
    }))
    .toSorted((a, b) => a.partition - b.partition);
  return { name: topic.name ?? '', id: topic.topicId, isInternal: topic.isInternal, partitions };
}
