import type { Headers } from '@millrace/messaging/binder';
import type { SpareBuffers } from '../spare-buffers.ts';
import { ByteWriter, varintSize } from './byte-writer.ts';
import { writeHeaders } from './headers.ts';
import { bytesKey, flag } from './record-format.ts';

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

/** Writes the records of one batch one after another. */
export class RecordWriter {
  readonly #out: ByteWriter;
  /** Left for a record's length before that is known: what the one before needed, so that records alike are never moved. */
  #room = 2;
  #lastHeaders: Headers | undefined;
  /** What the last headers became, as the record that they stand in may still be moved. */
  #headerBlock: Uint8Array | undefined;

  /** `size`: bytes expected. See {@link ByteWriter} for `spares`. */
  constructor(size: number, spares?: SpareBuffers) {
    this.#out = new ByteWriter(size, spares);
  }

  /** What was written; a view. */
  get bytes(): Uint8Array {
    return this.#out.bytes.subarray(0, this.#out.position);
  }

  write(message: RecordInput, offsetDelta: number, timeDelta: number): void {
    const { key, payload, attributes } = message;
    const out = this.#out;
    const start = out.position;
    const fieldsAt = start + this.#room;
    out.reserve(this.#room + 1);
    out.position = fieldsAt + 1;
    out.varint(offsetDelta);
    out.varint(timeDelta);
    let flags = key === undefined ? 0 : this.#key(key);
    if (attributes !== undefined) {
      flags |= flag.attributes;
      writeAttributes(out, attributes);
    }
    if (this.#headers(message.headers)) flags |= flag.headers;
    if (payload === null) flags |= flag.tombstone;
    out.bytes[fieldsAt] = flags;
    this.#close(start, payload);
  }

  #key(key: string | Uint8Array): number {
    if (typeof key === 'string') return this.#out.text(key);
    this.#out.block(key);
    return bytesKey;
  }

  /** False, having written nothing, where there are none. Those that messages next to each other share are encoded once. */
  #headers(headers: Headers): boolean {
    const out = this.#out;
    const start = out.position;
    if (headers === this.#lastHeaders && this.#headerBlock !== undefined) out.small(this.#headerBlock);
    else this.#encodeHeaders(headers);
    return out.position > start;
  }

  #encodeHeaders(headers: Headers): void {
    const out = this.#out;
    const start = out.position;
    writeHeaderBlock(out, headers);
    // Copied only when they come a second time.
    this.#headerBlock = headers === this.#lastHeaders ? Uint8Array.from(out.bytes.subarray(start, out.position)) : undefined;
    this.#lastHeaders = headers;
  }

  /** Sets the record's length now that it is known, then adds the payload, which so is never moved. */
  #close(start: number, payload: Uint8Array | null): void {
    const out = this.#out;
    const fields = out.position - start - this.#room;
    const length = fields + (payload === null ? 0 : payload.length);
    out.position = moveForPrefix(out, start, this.#room, fields, length);
    this.#room = out.position - start - fields;
    if (payload !== null) out.raw(payload);
  }
}

function writeAttributes(out: ByteWriter, attributes: Uint8Array | AttributeWriter): void {
  if (attributes instanceof Uint8Array) return out.block(attributes);
  const at = out.position;
  out.byte(0);
  attributes.writeAttributes(out);
  const size = out.position - at - 1;
  out.position = moveForPrefix(out, at, 1, size, size);
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
