/** A stretch of a text file: its complete lines and where the next one starts. */
export interface LineBatch {
  readonly lines: readonly string[];
  /** Byte offset behind the last of the lines. */
  readonly end: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Splits bytes that arrive in chunks into lines of UTF-8 text, without their `\n` or `\r\n`. Keeps at most one unfinished line, which
 * {@link LineSplitter.rest} gives at the end.
 */
export class LineSplitter {
  #open: Buffer = Buffer.alloc(0);
  #end: number;

  /** `start`: the byte offset at which the chunks begin. */
  constructor(start = 0) {
    this.#end = start;
  }

  push(chunk: Buffer): LineBatch {
    const bytes = this.#open.length === 0 ? chunk : Buffer.concat([this.#open, chunk]);
    const lines: string[] = [];
    let start = 0;
    for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, start)) {
      lines.push(bytes.toString('utf8', start, at > start && bytes[at - 1] === carriageReturn ? at - 1 : at));
      start = at + 1;
    }
    // A copy: the chunk's memory may be used again for the next one.
    this.#open = Buffer.from(bytes.subarray(start));
    this.#end += start;
    return { lines, end: this.#end };
  }

  /** The last line, if it has no end of line. */
  rest(): LineBatch {
    const lines = this.#open.length === 0 ? [] : [this.#open.toString('utf8')];
    this.#end += this.#open.length;
    this.#open = Buffer.alloc(0);
    return { lines, end: this.#end };
  }
}
