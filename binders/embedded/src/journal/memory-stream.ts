import { cutRecords, decodeRecords } from '../records/records.ts';
import type { RecordView } from '../records/records.ts';
import type { BatchInput, StoredBatch, StreamBounds, StreamPolicy } from './journal.ts';
import { isCompacted, isExpired, tombstoneIsOld } from './retention.ts';

/** The batches of one stream of a {@link MemoryJournal}. */
export class MemoryStream {
  policy: StreamPolicy = {};
  #batches: StoredBatch[] = [];
  #earliest = 0;
  #next = 0;
  #bytes = 0;

  get bounds(): StreamBounds {
    return { earliest: this.#earliest, next: this.#next, bytes: this.#bytes };
  }

  append(batch: BatchInput): number {
    const baseOffset = this.#next;
    const { stream, count, firstTime, lastTime } = batch;
    this.#batches.push({ stream, count, firstTime, lastTime, baseOffset, bytes: Uint8Array.from(batch.bytes) });
    this.#next += count;
    this.#bytes += batch.bytes.length;
    return baseOffset;
  }

  read(from: number, maxBytes: number): readonly StoredBatch[] {
    const found: StoredBatch[] = [];
    let size = 0;
    for (let i = this.#indexOf(Math.max(from, this.#earliest)); i < this.#batches.length; i++) {
      const batch = this.#batches[i]!;
      if (found.length > 0 && size + batch.bytes.length > maxBytes) break;
      found.push(batch);
      size += batch.bytes.length;
    }
    return found;
  }

  offsetAt(time: number): number {
    const batch = this.#batches.find((candidate) => candidate.lastTime >= time);
    return batch === undefined ? this.#next : Math.max(batch.baseOffset, this.#earliest);
  }

  truncate(offset: number): void {
    this.#earliest = Math.max(this.#earliest, Math.min(offset, this.#next));
    const keep = this.#indexOf(this.#earliest);
    for (const batch of this.#batches.splice(0, keep)) this.#bytes -= batch.bytes.length;
  }

  maintain(now: number): void {
    this.#expire(now);
    if (isCompacted(this.policy)) this.#compact(now);
  }

  #expire(now: number): void {
    for (let first = this.#batches[0]; first !== undefined; first = this.#batches[0]) {
      if (!isExpired({ lastTime: first.lastTime, length: first.bytes.length }, this.#bytes, this.policy, now)) return;
      this.truncate(first.baseOffset + first.count);
    }
  }

  #compact(now: number): void {
    const isLive = this.policy.isLive ?? this.#lastOfKey(now);
    this.#batches = this.#batches.flatMap((batch) => {
      const { bytes, kept } = cutRecords(batch, isLive);
      return kept === 0 ? [] : [{ ...batch, bytes }];
    });
    this.#bytes = this.#batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
  }

  #lastOfKey(now: number): (record: RecordView) => boolean {
    const last = new Map<string, number>();
    for (const batch of this.#batches)
      for (const { keyIdentity, offset } of decodeRecords(batch)) if (keyIdentity !== undefined) last.set(keyIdentity, offset);
    return (record) => {
      const { keyIdentity } = record;
      if (keyIdentity === undefined) return true;
      // In memory the older records go in this very step, so nothing older can outlive the tombstone.
      if (record.tombstone && tombstoneIsOld(record.timestamp, this.policy, now)) return false;
      return last.get(keyIdentity) === record.offset;
    };
  }

  /** The first batch that ends after `offset`. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const batch = this.#batches[middle]!;
      if (batch.baseOffset + batch.count > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
