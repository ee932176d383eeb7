import type { OutboundMessage } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import type { WireRecord } from '../records/batch-writer.ts';
import { sizedRecord } from '../records/batch-writer.ts';
import { HeaderWriter } from '../records/header-writer.ts';
import { partitionOfKey } from '../records/murmur2.ts';

/** Turns messages into records and chooses their partitions. */
export class WireForm {
  readonly #maxMessageBytes: number;
  readonly #headers = new HeaderWriter();
  #spread = Math.floor(Math.random() * 1000);

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Throws `INVALID_ARGUMENT` for what cannot be sent. */
  recordOf(destination: string, message: OutboundMessage, now: number): WireRecord {
    const { payload, key, partition, timestamp = now } = message;
    const size = payload?.length ?? 0;
    if (size > this.#maxMessageBytes) throw raise('MESSAGE_TOO_LARGE', { size, destination, limit: this.#maxMessageBytes });
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw raise('TIMESTAMP_INVALID', { timestamp });
    return sizedRecord(keyBytes(key), payload, this.#headers.write(message.headers, partition), timestamp);
  }

  /** Where messages of one call without key or partition go; another partition for each call. */
  nextSpread(partitions: number): number {
    return this.#spread++ % partitions;
  }

  /** Throws `INVALID_ARGUMENT` for a partition that does not exist: the client library would take another one. */
  partitionOf(destination: string, { partition, key }: OutboundMessage, partitions: number, spread: number): number {
    if (partition === undefined) return key === undefined ? spread : partitionOfKey(keyBytes(key)!, partitions);
    if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return partition;
    throw raise('PARTITION_UNKNOWN', { destination, partition, partitions });
  }
}

function keyBytes(key: string | Uint8Array | undefined): Uint8Array | null {
  if (key === undefined) return null;
  return typeof key === 'string' ? Buffer.from(key) : key;
}
