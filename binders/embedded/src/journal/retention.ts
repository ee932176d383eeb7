import type { StreamPolicy } from './journal.ts';

const day = 86_400_000;

/** What retention needs to know of a batch. */
export interface RetainedBatch {
  readonly lastTime: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * Whether the oldest batch of a stream may go: it is older than the policy's age, or the stream keeps its size without it.
 * A batch is as old as its youngest record.
 */
export function isExpired(batch: RetainedBatch, streamBytes: number, policy: StreamPolicy, now: number): boolean {
  if (policy.retentionMs !== undefined && batch.lastTime < now - policy.retentionMs) return true;
  return policy.retentionBytes !== undefined && streamBytes - batch.length >= policy.retentionBytes;
}

/** Whether records of a stream are judged one by one. */
export function isCompacted(policy: StreamPolicy): boolean {
  return policy.compact === true || policy.isLive !== undefined;
}

/** Whether a tombstone from `timestamp` was there long enough for lagging readers to see it. */
export function tombstoneIsOld(timestamp: number, policy: StreamPolicy, now: number): boolean {
  return timestamp < now - (policy.tombstoneMs ?? day);
}
