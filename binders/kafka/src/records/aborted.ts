import type { StoredBatch } from './batch-reader.ts';
import { RecordCursor } from './batch-reader.ts';

/** A transaction that was given up, as the broker tells it beside the batches of a partition. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/**
 * The batches that a reader of committed messages may see, in order: without the broker's own markers and without what aborted
 * transactions wrote. One producer may have aborted several, and a transaction may go on beyond what was fetched.
 */
export function visibleBatches(batches: readonly StoredBatch[], aborted: readonly AbortedTransaction[]): StoredBatch[] {
  const waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  let begun = 0;
  return batches.filter((batch) => {
    for (; begun < waiting.length && waiting[begun]!.firstOffset < batch.next; begun++) open.add(waiting[begun]!.producerId);
    if (!batch.isControl) return !(batch.isTransactional && open.has(batch.producerId));
    if (isAbortMarker(batch)) open.delete(batch.producerId);
    return false;
  });
}

/** The key of a marker is its version and its type, 0 for an abort. */
function isAbortMarker(batch: StoredBatch): boolean {
  const cursor = new RecordCursor(batch);
  if (cursor.isAtEnd) return false;
  const { keyAt, keyLength } = cursor.next();
  return keyLength >= 4 && batch.records.readInt16BE(keyAt + 2) === 0;
}
