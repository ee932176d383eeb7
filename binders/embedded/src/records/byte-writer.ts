import { Buffer } from 'node:buffer';
import type { SpareBuffers } from '../spare-buffers.ts';

/** How a string is stored: one byte per character, UTF-8, or UTF-16 where it has lone surrogates and must still survive. */
export const textKind = { latin1: 1, utf8: 2, utf16: 3 } as const;
export type TextKind = (typeof textKind)[keyof typeof textKind];

/** Strings up to this length are written by a loop, which beats the cost of a native call. */
const loopLimit = 48;

/** Less is taken from the pool of Node.js. */
const spareBytes = 1 << 14;

/** A buffer that grows while it is written from front to back. Integers are LEB128 varints unless named otherwise. */
export class ByteWriter {
  bytes: Buffer;
  position = 0;

  /** `size`: bytes expected. Much memory is taken from `spares`, to be given back by whoever has used the bytes. */
  constructor(size: number, spares?: SpareBuffers) {
    this.bytes = spares === undefined || size < spareBytes ? Buffer.allocUnsafe(size) : spares.take(size);
  }

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    if (this.position + size > this.bytes.length) this.#grow(size);
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.position + size));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.position++] = value;
  }

  /** A whole number from 0 to 2^53-1. */
  varint(value: number): void {
    if (value < 0x80) this.byte(value);
    else this.#longVarint(value);
  }

  #longVarint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest > 0x7fffffff) {
      this.bytes[this.position++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.bytes[this.position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.position++] = rest;
  }

  float(value: number): void {
    this.reserve(8);
    this.position = this.bytes.writeDoubleLE(value, this.position);
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.position);
    this.position += value.length;
  }

  /** {@link raw} for a few bytes, where a loop beats a native call. */
  small(value: Uint8Array): void {
    this.reserve(value.length);
    for (let i = 0; i < value.length; i++) this.bytes[this.position++] = value[i]!;
  }

  /** Length, then the bytes. */
  block(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  /** Length in bytes, then the text in the smallest form that keeps it exactly; returns which one that is. */
  text(value: string): TextKind {
    return this.#shortLatin1(value) ? textKind.latin1 : this.#longText(value);
  }

  #shortLatin1(value: string): boolean {
    const { length } = value;
    if (length > loopLimit) return false;
    this.reserve(length + 1);
    const { bytes, position } = this;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0xff) return false;
      bytes[position + 1 + i] = code;
    }
    bytes[position] = length;
    this.position = position + 1 + length;
    return true;
  }

  #longText(value: string): TextKind {
    const kind = kindOf(value);
    const encoding = kind === textKind.latin1 ? 'latin1' : kind === textKind.utf8 ? 'utf8' : 'utf16le';
    const size = Buffer.byteLength(value, encoding);
    this.varint(size);
    this.reserve(size);
    this.position += this.bytes.write(value, this.position, size, encoding);
    return kind;
  }
}

function kindOf(value: string): TextKind {
  // oxlint-disable-next-line no-control-regex -- the range is what one byte can hold
  if (/^[\u0000-\u00ff]*$/.test(value)) return textKind.latin1;
  return value.isWellFormed() ? textKind.utf8 : textKind.utf16;
}

/** Bytes that `value` takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}
