import { Buffer } from 'node:buffer';

const smallest = 1 << 15;
const largest = 1 << 22;
/** Bytes kept at most. */
const keptBytes = 1 << 24;

/**
 * Memory that is used again and again. Fresh memory costs the operating system's time when it is first touched, and more so the
 * garbage collector's: it runs all the more often the more bytes lie outside its heap.
 */
export class SpareBuffers {
  readonly #free = new Map<number, ArrayBuffer[]>();
  readonly #lent = new WeakSet<ArrayBuffer>();
  #bytes = 0;

  /** Bytes kept for later. */
  get bytes(): number {
    return this.#bytes;
  }

  /** At least `size` bytes, at the front of memory of their own; what they hold is not defined. */
  take(size: number): Buffer<ArrayBuffer> {
    const fitting = sizeFor(size);
    const found = this.#free.get(fitting)?.pop();
    if (found !== undefined) this.#bytes -= fitting;
    const buffer = found ?? Buffer.allocUnsafeSlow(Math.max(size, fitting)).buffer;
    this.#lent.add(buffer);
    return Buffer.from(buffer);
  }

  /** Takes back what these bytes are part of, if it was lent here; nobody may use it any more. */
  giveBack(bytes: Uint8Array): void {
    if (this.#lent.delete(bytes.buffer as ArrayBuffer)) this.add(bytes.buffer as ArrayBuffer);
  }

  /** Keeps memory that nobody uses any more, if it is of a fitting size and there is not too much already. */
  add(buffer: ArrayBuffer): void {
    const size = buffer.byteLength;
    if (!isSpare(buffer) || this.#bytes + size > keptBytes) return;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [buffer]);
    else free.push(buffer);
    this.#bytes += size;
  }
}

/** Whether memory has a size in which it is lent. */
export function isSpare({ byteLength: size }: ArrayBufferLike): boolean {
  return size >= smallest && size <= largest && (size & (size - 1)) === 0;
}

function sizeFor(size: number): number {
  let fitting = smallest;
  while (fitting < size && fitting < largest) fitting *= 2;
  return fitting;
}
