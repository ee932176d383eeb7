import { Buffer } from 'node:buffer';
import type { DiskFile } from './disk.ts';

const readAhead = 1 << 20;
const nothing = Buffer.alloc(0);

/** Reads a file mostly from front to back through one buffer. */
export class FileScanner {
  readonly size: number;
  readonly #file: DiskFile;
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  constructor(file: DiskFile) {
    this.#file = file;
    this.size = file.size();
  }

  /** A view of these bytes, or as many of them as there are; valid until the next call. */
  view(position: number, length: number): Buffer {
    const end = Math.min(position + length, this.size);
    if (end <= position) return nothing;
    if (position < this.#start || end > this.#end) this.#load(position, end);
    return this.#buffer.subarray(position - this.#start, Math.min(end, this.#end) - this.#start);
  }

  /** The position of the first `pattern` from `from` on, or -1. */
  find(pattern: Buffer, from: number): number {
    for (let position = from; position < this.size; position += readAhead) {
      const found = this.view(position, readAhead + pattern.length).indexOf(pattern);
      if (found >= 0) return position + found;
    }
    return -1;
  }

  #load(position: number, end: number): void {
    const length = Math.min(Math.max(end - position, readAhead), this.size - position);
    if (length > this.#buffer.length || this.#buffer.length > 4 * Math.max(length, readAhead))
      this.#buffer = Buffer.allocUnsafe(length);
    this.#start = position;
    this.#end = position + this.#file.read(this.#buffer.subarray(0, length), position);
  }
}
