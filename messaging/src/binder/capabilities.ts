/** Where a consumer can begin in a destination. */
export type StartPosition = 'earliest' | 'latest' | { readonly offset: number } | { readonly time: number };

/**
 * What a binder can do, as frozen data. It is what users see, what the portable layer decides by and what the conformance kit tests:
 * a claimed capability must work, one that is not claimed must fail with `UNSUPPORTED`.
 */
export interface BinderCapabilities {
  /** What an acknowledged send survives: nothing, a crash of the process, a power cut of the machine, or the loss of a machine. */
  readonly durability: 'none' | 'process-crash' | 'power-cut' | 'machine-loss';
  /** Whether other processes see the same destinations. */
  readonly shared: boolean;
  /** `cumulative`: acknowledging a delivery acknowledges all before it in its partition. `individual`: each on its own. */
  readonly acknowledgement: 'cumulative' | 'individual';
  /** Whether messages of one partition arrive in the order in which they were accepted. */
  readonly ordered: boolean;
  /** Whether a new named group sees what was sent before it existed. */
  readonly retainsMessages: boolean;
  readonly maxMessageBytes: number;
  /** Atomic commit of consumed positions with produced messages. */
  readonly transactions: boolean;
  /** Messages that failed for good can be listed and removed one by one. */
  readonly parking: boolean;
  readonly log: LogCapabilities | false;
  readonly queue: QueueCapabilities | false;
  readonly region: RegionCapabilities | false;
}

/** What a binder with the `log` facet can do. */
export interface LogCapabilities {
  readonly startPositions: readonly ('earliest' | 'latest' | 'offset' | 'time')[];
  readonly retention: readonly ('age' | 'size')[];
  readonly compaction: boolean;
  readonly maxPartitions: number;
}

/** What a binder with the `queue` facet can do. */
export interface QueueCapabilities {
  readonly requestReply: boolean;
  readonly delay: boolean;
  /** Number of distinct priorities; 1 means that priority is not supported. */
  readonly priorities: number;
  readonly timeToLive: boolean;
  readonly deduplication: boolean;
  readonly cancellation: boolean;
  /** A delivery returns to the queue when its lease is not extended in time. */
  readonly leases: boolean;
}

/** What a binder with the `region` facet can do. */
export interface RegionCapabilities {
  readonly versions: boolean;
  readonly timeToLive: boolean;
  readonly previousValue: boolean;
  /** Where a watch's and a query's `where` is evaluated. */
  readonly where: 'broker' | 'client';
  readonly resume: boolean;
  readonly durableWatchers: boolean;
  readonly modes: readonly ('every' | 'latest' | 'invalidate')[];
}
