import type { BatchHeader } from './segment-format.ts';

/** Bytes of memory and of index file per batch. */
export const tableRowBytes = 40;

interface Columns {
  readonly base: Float64Array;
  readonly firstTime: Float64Array;
  readonly lastTime: Float64Array;
  readonly count: Uint32Array;
  readonly length: Uint32Array;
  readonly position: Uint32Array;
  readonly seed: Uint32Array;
}

/** Where a batch lies in its segment, with what its checksum starts from. */
export interface BatchPlace extends BatchHeader {
  /** Of the batch's header in the file. */
  readonly position: number;
  readonly seed: number;
}

/** The batches of one stream in one segment, in order of their offsets; columns, so that each costs 40 bytes. */
export class BatchTable {
  readonly stream: number;
  #rows: number;
  #capacity: number;
  #columns: Columns;

  constructor(stream: number, rows = 0, buffer: ArrayBuffer = new ArrayBuffer(4 * tableRowBytes)) {
    this.stream = stream;
    this.#rows = rows;
    this.#capacity = buffer.byteLength / tableRowBytes;
    this.#columns = columnsOf(buffer, this.#capacity);
  }

  /** The inverse of {@link encode}. */
  static decode(stream: number, bytes: Uint8Array): BatchTable {
    return new BatchTable(stream, bytes.length / tableRowBytes, Uint8Array.from(bytes).buffer);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Memory taken. */
  get size(): number {
    return this.#capacity * tableRowBytes;
  }

  add(batch: BatchPlace): void {
    if (this.#rows === this.#capacity) this.#resize(this.#capacity * 2);
    const row = this.#rows++;
    const { base, firstTime, lastTime, count, length, position, seed } = this.#columns;
    base[row] = batch.baseOffset;
    firstTime[row] = batch.firstTime;
    lastTime[row] = batch.lastTime;
    count[row] = batch.count;
    length[row] = batch.length;
    position[row] = batch.position;
    seed[row] = batch.seed;
  }

  at(row: number): BatchPlace {
    const { base, firstTime, lastTime, count, length, position, seed } = this.#columns;
    return {
      stream: this.stream,
      baseOffset: base[row]!,
      firstTime: firstTime[row]!,
      lastTime: lastTime[row]!,
      count: count[row]!,
      length: length[row]!,
      position: position[row]!,
      seed: seed[row]!,
    };
  }

  /** The first offset after the batch in this row. */
  end(row: number): number {
    return this.#columns.base[row]! + this.#columns.count[row]!;
  }

  /** The first row that ends after `offset`; the number of rows if there is none. */
  find(offset: number): number {
    let low = 0;
    let high = this.#rows;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.end(middle) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The first row from `row` on with a record not older than `time`; the number of rows if there is none. */
  findTime(time: number, row: number): number {
    const { lastTime } = this.#columns;
    let found = row;
    while (found < this.#rows && lastTime[found]! < time) found++;
    return found;
  }

  /** Bytes of the records in the rows from `from` up to, not including, `to`. */
  bytesBetween(from: number, to: number): number {
    let sum = 0;
    for (let row = from; row < to; row++) sum += this.#columns.length[row]!;
    return sum;
  }

  /** The rows alone, column by column, in the machine's byte order. */
  encode(): Uint8Array {
    if (this.#rows !== this.#capacity) this.#resize(this.#rows);
    return new Uint8Array(this.#columns.base.buffer, 0, this.#rows * tableRowBytes);
  }

  #resize(capacity: number): void {
    const larger = columnsOf(new ArrayBuffer(capacity * tableRowBytes), capacity);
    for (const name of Object.keys(larger) as (keyof Columns)[]) larger[name].set(this.#columns[name].subarray(0, this.#rows));
    this.#columns = larger;
    this.#capacity = capacity;
  }
}

function columnsOf(buffer: ArrayBuffer, rows: number): Columns {
  const wide = (column: number) => new Float64Array(buffer, column * rows * 8, rows);
  const narrow = (column: number) => new Uint32Array(buffer, rows * 24 + column * rows * 4, rows);
  return {
    base: wide(0),
    firstTime: wide(1),
    lastTime: wide(2),
    count: narrow(0),
    length: narrow(1),
    position: narrow(2),
    seed: narrow(3),
  };
}
