import type { Library } from '../client/library.ts';
import { raise } from '../errors.ts';
import { VarintReader } from './varint.ts';

const headSize = 61;
const lengthEnd = 12;
const attributesAt = 21;
const compressionBits = 0x07;
const appendTimeBit = 0x08;
const transactionalBit = 0x10;
const controlBit = 0x20;

/** A stored batch: its head, and its records still encoded. */
export interface StoredBatch {
  readonly base: number;
  /** The offset behind the last record. Compaction may have removed records, so there may be fewer than offsets. */
  readonly next: number;
  readonly count: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly producerId: bigint;
  readonly baseTimestamp: number;
  /** The time of the append where the topic keeps that instead of the sender's. */
  readonly appendTime: number | undefined;
  /** Encoded records, uncompressed. */
  readonly records: Buffer;
}

/** Where batches were read, for messages of errors. */
export interface BatchPlace {
  readonly destination: string;
  readonly partition: number;
}

/** Decodes whole batches; one that was cut off at the end by the limit of the fetch is left out. */
export function readBatches(library: Library, bytes: Buffer, place: BatchPlace): StoredBatch[] {
  const batches: StoredBatch[] = [];
  for (let at = 0; at + headSize <= bytes.length;) {
    const size = lengthEnd + bytes.readInt32BE(at + 8);
    if (size < headSize) throw raise('RECORD_MALFORMED', { position: at, what: `a batch of ${size} bytes` });
    if (at + size > bytes.length) break;
    batches.push(readBatch(library, bytes.subarray(at, at + size), place));
    at += size;
  }
  return batches;
}

function readBatch(library: Library, bytes: Buffer, place: BatchPlace): StoredBatch {
  const base = Number(bytes.readBigInt64BE(0));
  const magic = bytes.readInt8(16);
  if (magic !== 2) throw raise('RECORD_FORMAT_OLD', { destination: place.destination, magic });
  if (library.crc32c(bytes.subarray(attributesAt)) !== bytes.readUInt32BE(17))
    throw raise('BATCH_CORRUPT', { offset: base, ...place });
  const attributes = bytes.readInt16BE(attributesAt);
  const algorithm = library.compressionsAlgorithmsByBitmask[attributes & compressionBits];
  const content = bytes.subarray(headSize);
  return {
    base,
    next: base + bytes.readInt32BE(23) + 1,
    count: bytes.readInt32BE(57),
    isTransactional: (attributes & transactionalBit) !== 0,
    isControl: (attributes & controlBit) !== 0,
    producerId: bytes.readBigInt64BE(43),
    baseTimestamp: Number(bytes.readBigInt64BE(27)),
    appendTime: (attributes & appendTimeBit) === 0 ? undefined : Number(bytes.readBigInt64BE(35)),
    records: (attributes & compressionBits) === 0 || content.length === 0 ? content : algorithm!.decompressSync(content),
  };
}

/** Where a record and its parts lie. A length of -1 is null. */
export interface RecordPlace {
  readonly offset: number;
  readonly timestamp: number;
  readonly keyAt: number;
  readonly keyLength: number;
  readonly valueAt: number;
  readonly valueLength: number;
  readonly headersAt: number;
  readonly end: number;
}

/** Walks over the records of a batch. */
export class RecordCursor {
  readonly batch: StoredBatch;
  readonly #input: VarintReader;
  #left: number;

  constructor(batch: StoredBatch) {
    this.batch = batch;
    this.#input = new VarintReader(batch.records);
    this.#left = batch.count;
  }

  get isAtEnd(): boolean {
    return this.#left <= 0;
  }

  /** Bytes not walked over yet. */
  get remaining(): number {
    return this.#input.end - this.#input.at;
  }

  next(): RecordPlace {
    const input = this.#input;
    const start = input.at;
    try {
      const length = input.next();
      const end = input.at + length;
      if (length < 0 || end > input.end) throw new RangeError(`a record of ${length} bytes`);
      input.at++;
      const timestamp = this.batch.baseTimestamp + input.next();
      const offset = this.batch.base + input.next();
      const keyLength = input.next();
      const keyAt = input.at;
      input.at += Math.max(0, keyLength);
      const valueLength = input.next();
      const valueAt = input.at;
      const headersAt = valueAt + Math.max(0, valueLength);
      if (headersAt > end) throw new RangeError('parts beyond its end');
      input.at = end;
      this.#left--;
      return { offset, timestamp: this.batch.appendTime ?? timestamp, keyAt, keyLength, valueAt, valueLength, headersAt, end };
    } catch (error) {
      if (error instanceof RangeError) throw raise('RECORD_MALFORMED', { position: start, what: error.message }, error);
      throw error;
    }
  }
}
