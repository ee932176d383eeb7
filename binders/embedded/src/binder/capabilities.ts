import type { BinderCapabilities } from '@millrace/messaging/binder';
import { maxPartitions, priorities } from '../wire/protocol.ts';

/** What the embedded binder can do, in memory or on disk. */
export function embeddedCapabilities(memory: boolean, maxMessageBytes: number): BinderCapabilities {
  return Object.freeze<BinderCapabilities>({
    durability: memory ? 'none' : 'power-cut',
    shared: !memory,
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
    queue: Object.freeze({
      requestReply: true,
      delay: true,
      priorities,
      timeToLive: true,
      deduplication: true,
      cancellation: true,
      leases: true,
    }),
    region: Object.freeze({
      versions: true,
      timeToLive: true,
      previousValue: true,
      where: 'broker',
      resume: true,
      durableWatchers: true,
      modes: Object.freeze(['every', 'latest', 'invalidate'] as const),
    }),
  });
}
