import type { BinderCapabilities } from '@millrace/messaging/binder';

/** Partitions that a topic may have here: far more than one machine can serve well. */
export const maxPartitions = 10_000;

/** What this binder can do on Kafka 3.2 or newer. */
export function kafkaCapabilities(maxMessageBytes: number, durability: BinderCapabilities['durability']): BinderCapabilities {
  return Object.freeze<BinderCapabilities>({
    durability,
    shared: true,
    acknowledgement: 'cumulative',
    ordered: true,
    retainsMessages: true,
    maxMessageBytes,
    transactions: true,
    parking: true,
    log: Object.freeze({
      startPositions: Object.freeze(['earliest', 'latest', 'offset', 'time'] as const),
      retention: Object.freeze(['age', 'size'] as const),
      compaction: true,
      maxPartitions,
    }),
    queue: false,
    region: false,
  });
}
