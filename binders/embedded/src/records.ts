import { Buffer } from 'node:buffer';
import type { Headers } from '@millrace/messaging/binder';
import { raise } from './errors.ts';
import { ByteReader } from './records/byte-reader.ts';
import { ByteWriter, varintSize } from './records/byte-writer.ts';
import { readHeaders, writeHeaders } from './records/headers.ts';

/** A message to be stored. An `OutboundMessage` is one. */
export interface RecordInput {
  readonly payload: Uint8Array | null;
  readonly headers: Headers;
  readonly key?: string | Uint8Array | undefined;
  /** Whole milliseconds since the epoch; absent: the time given to {@link encodeRecords}. */
  readonly timestamp?: number | undefined;
  /** Data of the broker itself, opaque to the codec: bytes, or what writes them in place. */
  readonly attributes?: Uint8Array | AttributeWriter | undefined;
}

/** Writes attributes where they belong, which saves a buffer for each record. */
export interface AttributeWriter {
  writeAttributes(out: ByteWriter): void;
}

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

/*
 * A record: length of the rest · flags · offset delta · time delta · [key] · [attributes] · [headers] · payload.
 * Numbers are varints; key, attributes and headers have a length prefix; the payload takes what is left.
 */
const flag = { keyKind: 0b111, tombstone: 0b1000, attributes: 0b10000, headers: 0b100000 } as const;
const knownFlags = 0b111111;
const bytesKey = 4;

/** Room for the length, written before it is known; a record from 128 bytes to 16 KiB needs just this. */
const lengthRoom = 2;

/**
 * Encodes messages as one batch, with offset deltas 0, 1, 2 …; `now` (milliseconds) is the time of those that have none.
 * Throws `INVALID_ARGUMENT` for a timestamp or header value that cannot be stored.
 */
export function encodeRecords(messages: readonly RecordInput[], now: number): EncodedBatch {
  const { firstTime, lastTime, size } = survey(messages, now);
  const out = new ByteWriter(size);
  const headers = new HeaderBlocks(out);
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!;
    writeRecord(out, headers, message, i, (message.timestamp ?? now) - firstTime);
  }
  return { bytes: out.bytes.subarray(0, out.position), count: messages.length, firstTime, lastTime };
}

/** Time span and likely size in bytes, so that the buffer is rarely grown. */
function survey(messages: readonly RecordInput[], now: number): { firstTime: number; lastTime: number; size: number } {
  let firstTime = Number.MAX_SAFE_INTEGER;
  let lastTime = 0;
  let size = 16;
  for (const { payload, timestamp = now } of messages) {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw raise('timestampInvalid', { timestamp });
    if (timestamp < firstTime) firstTime = timestamp;
    if (timestamp > lastTime) lastTime = timestamp;
    size += 48 + (payload === null ? 0 : payload.length);
  }
  return { firstTime: Math.min(firstTime, lastTime), lastTime, size };
}

function writeRecord(out: ByteWriter, headers: HeaderBlocks, message: RecordInput, offsetDelta: number, timeDelta: number): void {
  const { key, payload, attributes } = message;
  const start = out.position;
  out.reserve(lengthRoom + 1);
  out.position = start + lengthRoom + 1;
  out.varint(offsetDelta);
  out.varint(timeDelta);
  let flags = key === undefined ? 0 : writeKey(out, key);
  if (attributes !== undefined) {
    flags |= flag.attributes;
    writeAttributes(out, attributes);
  }
  if (headers.write(message.headers)) flags |= flag.headers;
  if (payload === null) flags |= flag.tombstone;
  out.bytes[start + lengthRoom] = flags;
  closeRecord(out, start, payload);
}

function writeAttributes(out: ByteWriter, attributes: Uint8Array | AttributeWriter): void {
  if (attributes instanceof Uint8Array) return out.block(attributes);
  const at = out.position;
  out.byte(0);
  attributes.writeAttributes(out);
  const size = out.position - at - 1;
  out.position = moveForPrefix(out, at, 1, size, size);
}

function writeKey(out: ByteWriter, key: string | Uint8Array): number {
  if (typeof key === 'string') return out.text(key);
  out.block(key);
  return bytesKey;
}

/** Writes the headers of one batch; those that messages next to each other share are encoded once. */
class HeaderBlocks {
  readonly #out: ByteWriter;
  #last: Headers | undefined;
  /** What the last ones became, as the record that they stand in may still be moved. */
  #block: Uint8Array | undefined;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  /** False, having written nothing, where there are none. */
  write(headers: Headers): boolean {
    const out = this.#out;
    const start = out.position;
    if (headers === this.#last) this.#repeat();
    else {
      writeHeaderBlock(out, headers);
      this.#last = headers;
      this.#block = undefined;
    }
    return out.position > start;
  }

  #repeat(): void {
    const out = this.#out;
    if (this.#block === undefined) {
      const start = out.position;
      writeHeaderBlock(out, this.#last!);
      this.#block = Uint8Array.from(out.bytes.subarray(start, out.position));
    } else out.small(this.#block);
  }
}

function writeHeaderBlock(out: ByteWriter, headers: Headers): void {
  const at = out.position;
  out.byte(0);
  writeHeaders(out, headers);
  const size = out.position - at - 1;
  if (size === 1 && out.bytes[at + 1] === 0) {
    out.position = at;
    return;
  }
  out.position = moveForPrefix(out, at, 1, size, size);
}

/** Sets the record's length now that it is known, then adds the payload, which so is never moved. */
function closeRecord(out: ByteWriter, start: number, payload: Uint8Array | null): void {
  const fields = out.position - start - lengthRoom;
  const length = fields + (payload === null ? 0 : payload.length);
  out.position = moveForPrefix(out, start, lengthRoom, fields, length);
  if (payload !== null) out.raw(payload);
}

/** Puts the varint `value` before `size` bytes that had `room` left for it at `at`; returns where they end. */
function moveForPrefix(out: ByteWriter, at: number, room: number, size: number, value: number): number {
  const width = varintSize(value);
  if (width !== room) {
    out.reserve(width);
    out.bytes.copyWithin(at + width, at + room, at + room + size);
  }
  out.position = at;
  out.varint(value);
  return out.position + size;
}

/** A stored record. Fields are decoded when asked for; byte values are views into the batch. */
export class RecordView {
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #fields: number;
  readonly #end: number;
  readonly #flags: number;

  constructor(input: ByteReader, baseOffset: number, firstTime: number) {
    this.#start = input.position;
    const length = input.varint();
    this.#end = input.position + length;
    if (this.#end > input.end) throw input.malformed('a record is longer than its batch');
    this.#flags = input.byte();
    if (this.#flags > knownFlags) throw input.malformed('a record has flags of a newer version');
    this.offset = baseOffset + input.varint();
    this.timestamp = firstTime + input.varint();
    this.#bytes = input.bytes;
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
    return this.#bytes.subarray(input.position, this.#end);
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

  /** Decoded anew on each access. */
  get headers(): Headers {
    if ((this.#flags & flag.headers) === 0) return {};
    const input = this.#reader();
    this.#skipKey(input);
    this.#skipAttributes(input);
    input.enterBlock();
    return readHeaders(input);
  }

  /** The record as stored, with its offset and time deltas. */
  get encoded(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  #reader(): ByteReader {
    return new ByteReader(this.#bytes, this.#fields, this.#end);
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
  readonly #input: ByteReader;
  readonly #baseOffset: number;
  readonly #firstTime: number;

  constructor({ bytes, baseOffset, firstTime }: BatchPosition) {
    this.#input = new ByteReader(bytes);
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
 * Checks bytes that came from elsewhere before they are stored: every field can be read and the offset deltas are 0, 1, 2 … .
 * Returns the number of records; throws `DATA_LOSS` where the bytes are malformed.
 */
export function checkRecords(bytes: Uint8Array): number {
  let count = 0;
  for (const record of decodeRecords({ bytes, baseOffset: 0, firstTime: 0 })) {
    if (record.offset !== count)
      throw raise('recordMalformed', { position: 0, what: `record ${count} has offset delta ${record.offset}` });
    void [record.key, record.attributes, record.headers, record.payload];
    count++;
  }
  return count;
}
