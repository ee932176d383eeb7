import type { Headers, LogMessage } from '@millrace/messaging/binder';
import type { RecordPlace, StoredBatch } from './batch-reader.ts';
import { readHeaders } from './header-reader.ts';

/** A stored message whose parts are decoded when asked for. Payload and key are views of what was fetched. */
export class RecordView implements LogMessage {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly #bytes: Buffer;
  readonly #place: RecordPlace;
  #headers: Headers | undefined;

  constructor(partition: number, batch: StoredBatch, place: RecordPlace) {
    this.partition = partition;
    this.offset = place.offset;
    this.timestamp = place.timestamp;
    this.#bytes = batch.records;
    this.#place = place;
  }

  get payload(): Uint8Array | null {
    const { valueAt, valueLength } = this.#place;
    return valueLength < 0 ? null : this.#bytes.subarray(valueAt, valueAt + valueLength);
  }

  get key(): Uint8Array | undefined {
    const { keyAt, keyLength } = this.#place;
    return keyLength < 0 ? undefined : this.#bytes.subarray(keyAt, keyAt + keyLength);
  }

  get headers(): Headers {
    this.#headers ??= readHeaders(this.#bytes, this.#place.headersAt, this.#place.end);
    return this.#headers;
  }
}
