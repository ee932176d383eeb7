import type { LogFile } from './log-file.ts';

const chunkBytes = 1 << 16;
/** What has no line break for so long is cut. */
const longestLine = 1 << 16;
const lineBreak = 0x0a;

/** Reads a log line by line, from its end or beginning on, and goes on where it was when more has been written. */
export class LineReader {
  readonly #file: LogFile;
  #position: number;
  #rest: Buffer = Buffer.alloc(0);

  /** Begins with the last `lines` lines that are kept. */
  constructor(file: LogFile, lines: number) {
    this.#file = file;
    this.#position = file.tailPosition(lines);
  }

  /** The next lines that are complete; empty where there are none now. */
  next(): readonly string[] {
    for (;;) {
      const { data, next } = this.#file.read(this.#position, chunkBytes);
      this.#position = next;
      if (data.length === 0) return [];
      const lines = this.#take(data);
      if (lines.length > 0) return lines;
    }
  }

  /** What stands behind the last line break; nothing more is to come. */
  last(): readonly string[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [] : [textOf(rest)];
  }

  #take(data: Buffer): readonly string[] {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const lines: string[] = [];
    let from = 0;
    for (let to = bytes.indexOf(lineBreak); to >= 0; to = bytes.indexOf(lineBreak, from)) {
      lines.push(textOf(bytes.subarray(from, to)));
      from = to + 1;
    }
    this.#rest = bytes.subarray(from);
    return this.#rest.length < longestLine ? lines : [...lines, ...this.last()];
  }
}

function textOf(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\r$/, '');
}
