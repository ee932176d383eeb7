import { raise } from '../errors.ts';
import type { BatchInput } from './journal.ts';

const largestStream = 0xffffffff;

/** Refuses a batch that the log could not hold faithfully, before anything of the commit is written. */
export function checkBatch(batch: BatchInput): void {
  checkStream(batch.stream);
  const what = batchFault(batch);
  if (what !== undefined) throw raise('BATCH_INVALID', { stream: batch.stream, what });
}

/** Refuses a number that no stream can have; 0 is the journal's own. */
export function checkStream(stream: number): void {
  if (!Number.isInteger(stream) || stream < 1 || stream > largestStream) throw raise('STREAM_INVALID', { stream });
}

function batchFault({ count, firstTime, lastTime }: BatchInput): string | undefined {
  if (!Number.isInteger(count) || count < 1 || count > 0x7fffffff) return `it has ${count} records; at least 1 is needed`;
  if (!isTime(firstTime) || !isTime(lastTime)) return 'its times must be whole milliseconds since 1970';
  return firstTime > lastTime ? 'its first time is after its last time' : undefined;
}

function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
