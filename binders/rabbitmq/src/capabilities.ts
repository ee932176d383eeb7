import type { BinderCapabilities } from '@millrace/messaging/binder';

/** Far more than one machine can serve well. */
export const maxPartitions = 1000;
/** Levels of priority where queues have them at all. */
export const priorityLevels = 10;

/** What decides what RabbitMQ can do. */
export interface CapabilityFacts {
  readonly storage: 'queues' | 'streams';
  readonly queueType: 'quorum' | 'classic';
  readonly maxMessageBytes: number;
  /** `undefined` before the server was asked: then what every version can do. */
  readonly serverVersion?: string | undefined;
}

/** Quorum queues hand out by priority since 4.3; earlier ones at most favour some. */
export function prioritiesOf({ queueType, serverVersion = '0.0' }: Pick<CapabilityFacts, 'queueType' | 'serverVersion'>): number {
  if (queueType === 'classic') return priorityLevels;
  const [major = 0, minor = 0] = serverVersion.split('.').map(Number);
  return major > 4 || (major === 4 && minor >= 3) ? priorityLevels : 1;
}

/** What this binder can do on such a server. */
export function rabbitCapabilities(facts: CapabilityFacts): BinderCapabilities {
  const isStreams = facts.storage === 'streams';
  return Object.freeze<BinderCapabilities>({
    // A quorum queue flushes before it confirms; streams and classic queues leave that to the operating system.
    durability: !isStreams && facts.queueType === 'quorum' ? 'power-cut' : 'process-crash',
    shared: true,
    acknowledgement: isStreams ? 'cumulative' : 'individual',
    ordered: isStreams,
    retainsMessages: isStreams,
    maxMessageBytes: facts.maxMessageBytes,
    transactions: false,
    parking: true,
    log: isStreams
      ? Object.freeze({
          startPositions: Object.freeze(['earliest', 'latest', 'offset', 'time'] as const),
          retention: Object.freeze(['age', 'size'] as const),
          compaction: false,
          maxPartitions,
        })
      : false,
    queue: Object.freeze({
      requestReply: true,
      delay: true,
      priorities: prioritiesOf(facts),
      timeToLive: true,
      deduplication: false,
      cancellation: false,
      leases: true,
    }),
    region: false,
  });
}
