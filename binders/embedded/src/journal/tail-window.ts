import { Buffer } from 'node:buffer';

const smallest = 1 << 16;

/**
 * A copy in memory of the end of the file that is being written: where frames are put together before they are written and where
 * fresh batches are read from. Grows with use up to a limit, then keeps the newer half.
 */
export class TailWindow {
  readonly #limit: number;
  #buffer: Buffer = Buffer.alloc(0);
  /** Position in the file of the first byte kept. */
  #start: number;
  #end: number;

  constructor(position: number, limit: number) {
    this.#start = position;
    this.#end = position;
    this.#limit = limit;
  }

  /** Room for what will be written at the end of the file; counts as kept only after {@link keep}. */
  reserve(size: number): Buffer {
    if (this.#end - this.#start + size > this.#buffer.length) this.#makeRoom(size);
    const at = this.#end - this.#start;
    return this.#buffer.subarray(at, at + size);
  }

  /** The reserved bytes are in the file now. */
  keep(size: number): void {
    this.#end += size;
    if (this.#buffer.length > this.#limit) this.#shrink();
  }

  /** A view of these bytes of the file if they are all kept, valid until the next `reserve`. */
  view(position: number, size: number): Buffer | undefined {
    if (position < this.#start || position + size > this.#end) return undefined;
    return this.#buffer.subarray(position - this.#start, position - this.#start + size);
  }

  #makeRoom(size: number): void {
    const used = this.#end - this.#start;
    const wanted = Math.max(smallest, 2 ** Math.ceil(Math.log2(used + size)));
    if (wanted <= this.#limit) this.#move(used, Buffer.allocUnsafe(wanted));
    else if (size <= this.#limit / 2)
      this.#move(
        Math.min(used, this.#limit / 2),
        this.#buffer.length < this.#limit ? Buffer.allocUnsafe(this.#limit) : this.#buffer,
      );
    else this.#move(0, Buffer.allocUnsafe(size));
  }

  /** Carries the newest `kept` bytes over to the front of `target`. */
  #move(kept: number, target: Buffer): void {
    const used = this.#end - this.#start;
    this.#buffer.copy(target, 0, used - kept, used);
    this.#buffer = target;
    this.#start = this.#end - kept;
  }

  /** A frame larger than the limit is not kept. */
  #shrink(): void {
    this.#buffer = Buffer.alloc(0);
    this.#start = this.#end;
  }
}
