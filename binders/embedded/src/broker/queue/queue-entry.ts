/** A command that is waiting, or leased to a consumer. */
export interface QueueEntry {
  /** Its identity in the queue: the offset at which it was first stored. */
  readonly offset: number;
  readonly id: string;
  readonly priority: number;
  /** Monotonic milliseconds after which it is dropped. */
  readonly expires: number;
  /** The offset where its record lies now. */
  at: number;
  /** The record as stored, and what it is decoded with; absent where memory was short: read again when needed. */
  record: Uint8Array | undefined;
  size: number;
  base: number;
  first: number;
  /** Monotonic milliseconds before which it is not handed out. */
  due: number;
  redeliveries: number;
  /** The lease it is handed out under; 0 while it waits. */
  lease: number;
  leaseEnd: number;
  /** What its consumer holds, while it is leased. */
  holder: Map<number, QueueEntry> | undefined;
  state: 'delayed' | 'ready' | 'leased' | 'gone';
}
