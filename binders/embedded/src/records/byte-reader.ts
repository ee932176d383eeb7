import { Buffer } from 'node:buffer';
import { raise } from '../errors.ts';
import { textKind } from './byte-writer.ts';

/** Reads what `ByteWriter` wrote, never past `end`. */
export class ByteReader {
  readonly bytes: Buffer;
  position: number;
  end: number;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = asBuffer(bytes);
    this.position = position;
    this.end = end;
  }

  byte(): number {
    if (this.position >= this.end) throw this.malformed('it ends too early');
    return this.bytes[this.position++]!;
  }

  varint(): number {
    const first = this.byte();
    return first < 0x80 ? first : this.#longVarint(first & 0x7f);
  }

  #longVarint(low: number): number {
    let value = low;
    let scale = 128;
    for (let i = 0; i < 7; i++) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return this.#safe(value);
      scale *= 128;
    }
    throw this.malformed('a number is too long');
  }

  #safe(value: number): number {
    if (value > Number.MAX_SAFE_INTEGER) throw this.malformed('a number is too large');
    return value;
  }

  float(): number {
    return this.bytes.readDoubleLE(this.#skip(8));
  }

  /** A view of the next `size` bytes. */
  raw(size: number): Buffer {
    const start = this.#skip(size);
    return this.bytes.subarray(start, start + size);
  }

  /** A view of all that is left. */
  rest(): Buffer {
    return this.raw(this.end - this.position);
  }

  block(): Buffer {
    return this.raw(this.varint());
  }

  /** Limits this reader to the block that comes next. */
  enterBlock(): void {
    const size = this.varint();
    if (this.position + size > this.end) throw this.malformed('a block is longer than what holds it');
    this.end = this.position + size;
  }

  /** Passes over a block and returns where its length prefix begins. */
  skipBlock(): number {
    const start = this.position;
    this.#skip(this.varint());
    return start;
  }

  text(kind: number): string {
    const size = this.varint();
    const start = this.#skip(size);
    if (kind === textKind.latin1) return this.bytes.toString('latin1', start, start + size);
    if (kind === textKind.utf8) return this.bytes.toString('utf8', start, start + size);
    if (kind === textKind.utf16) return this.bytes.toString('utf16le', start, start + size);
    throw this.malformed(`text of unknown kind ${kind}`);
  }

  malformed(what: string): Error {
    return raise('RECORD_MALFORMED', { position: this.position, what });
  }

  #skip(size: number): number {
    const start = this.position;
    if (start + size > this.end) throw this.malformed('it ends too early');
    this.position = start + size;
    return start;
  }
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
