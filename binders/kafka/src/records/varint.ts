/** Zigzag variable-length integers, as in records of Kafka. Values are safe integers of JavaScript. */

export function varintSize(value: number): number {
  let rest = zigzag(value);
  let size = 1;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80);
    size++;
  }
  return size;
}

/** Writes `value` at `at`; returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = zigzag(value);
  let position = at;
  while (rest >= 0x80) {
    bytes[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[position++] = rest;
  return position;
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

/** Reads forward over bytes. */
export class VarintReader {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** The next integer. Throws a RangeError at the end of the bytes. */
  next(): number {
    const first = this.bytes[this.at]!;
    // Nearly all of them: lengths and deltas below 64.
    if (first < 0x80 && this.at < this.end) {
      this.at++;
      return first & 1 ? -((first + 1) >>> 1) : first >>> 1;
    }
    return this.#long();
  }

  #long(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 63; factor *= 0x80) {
      if (this.at >= this.end) break;
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    }
    throw new RangeError(`no integer ends before position ${this.at}`);
  }
}
