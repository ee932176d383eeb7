import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/** How much of a log is kept. */
export interface LogLimits {
  /** Of a file; one that grows quickly may be twice as large when it is set aside. */
  readonly maxBytes: number;
  /** Files kept beside the one being written. */
  readonly maxFiles: number;
}

const chunkBytes = 1 << 18;

/**
 * A file that a process appends to, with what was set aside of it. A position counts the bytes from the oldest that are kept when it is
 * opened, and stays valid when the file is set aside.
 *
 * Setting aside copies the file and then cuts it, because the process keeps writing where it was told to. What it writes in the moment
 * between the last look and the cut, some microseconds, is lost; nothing else is.
 */
export class LogFile {
  readonly path: string;
  readonly #limits: LogLimits;
  /** The position of the first byte of the file itself. */
  #base: number;
  #rotating = false;

  constructor(path: string, limits: LogLimits) {
    this.path = path;
    this.#limits = limits;
    this.#base = this.#asideSizes().reduce((sum, size) => sum + size, 0);
  }

  /** Behind the last byte. */
  get end(): number {
    return this.#base + sizeOf(this.path);
  }

  /** The first byte that is still kept. */
  get begin(): number {
    return this.#base - this.#asideSizes().reduce((sum, size) => sum + size, 0);
  }

  /** The bytes from a position on, at most `length`; empty at the end. From what is no longer kept it skips to what is. */
  read(from: number, length: number): { readonly data: Buffer; readonly next: number } {
    let at = Math.max(from, this.begin);
    for (const [file, start, size] of this.#files()) {
      if (at >= start + size) continue;
      const data = readAt(file, at - start, Math.min(length, start + size - at));
      at += data.length;
      return { data, next: at };
    }
    return { data: Buffer.alloc(0), next: at };
  }

  /** Where the last `lines` lines begin. */
  tailPosition(lines: number): number {
    const { begin, end } = this;
    if (!Number.isFinite(lines)) return begin;
    let missing = lines;
    // The line break at the very end ends the last line and begins none.
    for (let to = end - 1; to > begin;) {
      const from = Math.max(begin, to - chunkBytes);
      const { data } = this.#readExactly(from, to - from);
      for (let at = data.length - 1; at >= 0; at--) if (data[at] === 0x0a && --missing === 0) return from + at + 1;
      to = from;
    }
    return lines > 0 ? begin : end;
  }

  /** Sets the file aside if it has grown to its limit. Rejects where the system refuses, as on a full disk; then all is as before. */
  async limit(): Promise<void> {
    if (this.#rotating || sizeOf(this.path) < this.#limits.maxBytes) return;
    this.#rotating = true;
    try {
      await this.#setAside();
    } finally {
      this.#rotating = false;
    }
  }

  async #setAside(): Promise<void> {
    const part = `${this.path}.part`;
    const source = openSync(this.path, 'r+');
    const target = openSync(part, 'w', 0o600);
    try {
      // Of a file that has grown far beyond its limit only the end is kept.
      let at = Math.max(0, fstatSync(source).size - 2 * this.#limits.maxBytes);
      for (let copied = chunkBytes; copied === chunkBytes; at += copied) {
        copied = copyChunk(source, target, at);
        if (copied === chunkBytes) await turn();
      }
      // From here on in one turn. In this order a crash in between doubles lines, but loses none.
      this.#keep(part);
      for (let copied = -1; copied !== 0; at += copied) copied = copyChunk(source, target, at);
      ftruncateSync(source, 0);
      this.#base += at;
    } finally {
      closeSync(source);
      closeSync(target);
      rmSync(part, { force: true });
    }
  }

  #keep(part: string): void {
    const { maxFiles } = this.#limits;
    if (maxFiles === 0) return;
    for (let number = maxFiles - 1; number > 0; number--) renameIfThere(this.#aside(number), this.#aside(number + 1));
    renameSync(part, this.#aside(1));
  }

  #readExactly(from: number, length: number): { readonly data: Buffer } {
    const parts: Buffer[] = [];
    for (let at = from; at < from + length;) {
      const { data, next } = this.read(at, from + length - at);
      if (data.length === 0) break;
      parts.push(data);
      at = next;
    }
    return { data: Buffer.concat(parts) };
  }

  /** Oldest first: file, position of its first byte, size. */
  #files(): readonly (readonly [string, number, number])[] {
    const sizes = this.#asideSizes();
    let start = this.#base;
    const aside = sizes.map((size, index) => {
      start -= size;
      return [this.#aside(index + 1), start, size] as const;
    });
    return [...aside.toReversed(), [this.path, this.#base, sizeOf(this.path)]];
  }

  /** Newest first. */
  #asideSizes(): readonly number[] {
    const sizes: number[] = [];
    for (let number = 1; number <= this.#limits.maxFiles; number++) {
      const size = sizeOf(this.#aside(number));
      if (size === 0) break;
      sizes.push(size);
    }
    return sizes;
  }

  #aside(number: number): string {
    return `${this.path}.${number}`;
  }
}

function copyChunk(source: number, target: number, at: number): number {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const length = readSync(source, buffer, 0, chunkBytes, at);
  for (let written = 0; written < length;) written += writeSync(target, buffer, written, length - written);
  return length;
}

function readAt(path: string, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  const file = openSync(path, 'r');
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, length, position));
  } finally {
    closeSync(file);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function renameIfThere(from: string, to: string): void {
  if (sizeOf(from) > 0) renameSync(from, to);
}
