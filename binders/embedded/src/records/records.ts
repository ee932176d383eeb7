import { Buffer } from 'node:buffer';
import type { Headers } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import type { SpareBuffers } from '../spare-buffers.ts';
import { ByteReader } from './byte-reader.ts';
import { RecordSource } from './record-source.ts';
import { RecordWriter } from './record-writer.ts';
import type { RecordInput } from './record-writer.ts';
import { bytesKey, flag, knownFlags } from './record-format.ts';

export type { AttributeWriter, RecordInput } from './record-writer.ts';

/** The records of one batch. */
export interface EncodedBatch {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** The smallest timestamp; those in `bytes` count from it. */
  readonly firstTime: number;
  /** The largest timestamp. */
  readonly lastTime: number;
}

/** What is needed beside the bytes to give records their offset and time. */
export interface BatchPosition {
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
  readonly firstTime: number;
}

/**
 * Encodes messages as one batch, with offset deltas 0, 1, 2 …; `now` (milliseconds) is the time of those that have none.
 * A large batch is written to memory taken from `spares`. Throws `INVALID_ARGUMENT` for a timestamp or header value that cannot be stored.
 */
export function encodeRecords(messages: readonly RecordInput[], now: number, spares?: SpareBuffers): EncodedBatch {
  const { firstTime, lastTime, size } = survey(messages, now);
  const writer = new RecordWriter(size, spares);
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!;
    writer.write(message, i, (message.timestamp ?? now) - firstTime);
  }
  return { bytes: writer.bytes, count: messages.length, firstTime, lastTime };
}

/** Time span and likely size in bytes, so that the buffer is rarely grown. */
function survey(messages: readonly RecordInput[], now: number): { firstTime: number; lastTime: number; size: number } {
  let firstTime = Number.MAX_SAFE_INTEGER;
  let lastTime = 0;
  let size = 16;
  for (const { payload, timestamp = now } of messages) {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw raise('TIMESTAMP_INVALID', { timestamp });
    if (timestamp < firstTime) firstTime = timestamp;
    if (timestamp > lastTime) lastTime = timestamp;
    size += 48 + (payload === null ? 0 : payload.length);
  }
  return { firstTime: Math.min(firstTime, lastTime), lastTime, size };
}

/** A stored record. Fields are decoded when asked for; byte values are views into the batch. */
export class RecordView {
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly #source: RecordSource;
  readonly #start: number;
  readonly #fields: number;
  readonly #end: number;
  readonly #flags: number;

  constructor(input: RecordSource, baseOffset: number, firstTime: number) {
    this.#start = input.position;
    const length = input.varint();
    this.#end = input.position + length;
    if (this.#end > input.end) throw input.malformed('a record is longer than its batch');
    this.#flags = input.byte();
    if (this.#flags > knownFlags) throw input.malformed('a record has flags of a newer version');
    this.offset = baseOffset + input.varint();
    this.timestamp = firstTime + input.varint();
    this.#source = input;
    this.#fields = input.position;
    input.position = this.#end;
  }

  get key(): string | Uint8Array | undefined {
    const kind = this.#flags & flag.keyKind;
    if (kind === 0) return undefined;
    const input = this.#reader();
    return kind === bytesKey ? input.block() : input.text(kind);
  }

  /** The key as a string that is equal for equal keys only; a text and bytes are never equal. */
  get keyIdentity(): string | undefined {
    const kind = this.#flags & flag.keyKind;
    return kind === 0 ? undefined : `${kind}${this.#reader().block().toString('latin1')}`;
  }

  /** Whether the payload is `null`. */
  get tombstone(): boolean {
    return (this.#flags & flag.tombstone) !== 0;
  }

  get payload(): Uint8Array | null {
    if (this.tombstone) return null;
    const input = this.#reader();
    this.#skipKey(input);
    this.#skipAttributes(input);
    if (this.#flags & flag.headers) input.skipBlock();
    return input.bytes.subarray(input.position, this.#end);
  }

  get attributes(): Uint8Array | undefined {
    return this.attributesReader?.rest();
  }

  /** Reads the attributes where they are. */
  get attributesReader(): ByteReader | undefined {
    if ((this.#flags & flag.attributes) === 0) return undefined;
    const input = this.#reader();
    this.#skipKey(input);
    input.enterBlock();
    return input;
  }

  /** Perhaps the same object as a neighbour's: not to be changed. */
  get headers(): Headers {
    if ((this.#flags & flag.headers) === 0) return {};
    const input = this.#reader();
    this.#skipKey(input);
    this.#skipAttributes(input);
    input.enterBlock();
    return this.#source.headers(input);
  }

  /** The record as stored, with its offset and time deltas. */
  get encoded(): Uint8Array {
    return this.#source.bytes.subarray(this.#start, this.#end);
  }

  #reader(): ByteReader {
    return this.#source.within(this.#fields, this.#end);
  }

  #skipKey(input: ByteReader): void {
    if (this.#flags & flag.keyKind) input.skipBlock();
  }

  #skipAttributes(input: ByteReader): void {
    if (this.#flags & flag.attributes) input.skipBlock();
  }
}

/** Walks the records of a batch in order of their offsets. Throws `DATA_LOSS` where the bytes are malformed. */
export function decodeRecords(batch: BatchPosition): IterableIterator<RecordView> {
  return new RecordIterator(batch);
}

class RecordIterator implements IterableIterator<RecordView> {
  readonly #input: RecordSource;
  readonly #baseOffset: number;
  readonly #firstTime: number;

  constructor({ bytes, baseOffset, firstTime }: BatchPosition) {
    this.#input = new RecordSource(bytes);
    this.#baseOffset = baseOffset;
    this.#firstTime = firstTime;
  }

  next(): IteratorResult<RecordView> {
    if (this.#input.position >= this.#input.end) return { done: true, value: undefined };
    return { done: false, value: new RecordView(this.#input, this.#baseOffset, this.#firstTime) };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** A copy of the records that `keep` picks, with their offsets and times unchanged when read with the same base. */
export function cutRecords(batch: BatchPosition, keep: (record: RecordView) => boolean): { bytes: Uint8Array; kept: number } {
  const pieces: Uint8Array[] = [];
  for (const record of decodeRecords(batch)) if (keep(record)) pieces.push(record.encoded);
  return { bytes: Buffer.concat(pieces), kept: pieces.length };
}

/**
 * Checks bytes that came from elsewhere so far that a log which holds them stays readable: lengths fit, flags are known and the offset
 * deltas are 0, 1, 2 … . Returns the number of records; throws `DATA_LOSS` where the bytes are malformed.
 */
export function countRecords(bytes: Uint8Array): number {
  // Without a view for each: this is done with everything that is sent.
  const input = new ByteReader(bytes);
  let count = 0;
  for (; input.position < input.end; count++) {
    const length = input.varint();
    const end = input.position + length;
    if (end > input.end) throw input.malformed('a record is longer than its batch');
    if (input.byte() > knownFlags) throw input.malformed('a record has flags of a newer version');
    const offset = input.varint();
    if (offset !== count) throw input.malformed(`record ${count} has offset delta ${offset}`);
    input.varint();
    input.position = end;
  }
  return count;
}
