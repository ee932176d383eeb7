import type { Headers } from '@millrace/messaging/binder';
import { open, readFile } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import type { Emit } from '../runtime/emit.ts';
import { AppMessage } from '../runtime/message.ts';
import type { PositionStore } from '../runtime/positions.ts';
import type { FileSourceContext } from './file-options.ts';
import { LineSplitter } from './lines.ts';
import type { LineBatch } from './lines.ts';

const chunkBytes = 262_144;
/** Batches handed over and not yet done with, so that a sink that waits for its disk can take many at once. */
const window = 16;

/** One file to be read. */
export interface FileJob {
  readonly directory: string;
  readonly path: string;
  readonly version: string;
  readonly emit: Emit;
  readonly context: FileSourceContext;
  readonly store: PositionStore;
}

interface LinePosition {
  readonly version: string;
  readonly offset: number;
  readonly lines: number;
}

/** Reads one file in the source's mode and remembers, once the pipeline is done with it, that it was read. */
export class FileReader {
  readonly #job: FileJob;
  readonly #headers: { readonly file_name: string; readonly file_originalFile: string; readonly file_relativePath: string };
  readonly #underway: Promise<void>[] = [];

  constructor(job: FileJob) {
    this.#job = job;
    this.#headers = {
      file_name: basename(job.path),
      file_originalFile: job.path,
      file_relativePath: relative(job.directory, job.path),
    };
  }

  async read(): Promise<void> {
    const { context, path, emit } = this.#job;
    if (context.options.mode === 'lines') {
      if (!(await this.#readLines())) return;
    } else if (context.options.mode === 'ref') {
      await emit(this.#message(JSON.stringify(path), this.#headers, 'application/json'));
    } else {
      await emit(this.#message(await readFile(path), this.#headers, 'application/octet-stream'));
    }
    await this.#job.store.put(`read/${path}`, this.#job.version);
  }

  #message(payload: string | Uint8Array, headers: Headers, contentType: string): AppMessage {
    return new AppMessage(payload, { headers, contentType }, this.#job.context.clock.now());
  }

  // Whether the file was read to its end.
  async #readLines(): Promise<boolean> {
    const { path, context } = this.#job;
    let { offset, lines } = await this.#resume();
    if (offset === 0) await this.#mark('START', 0);
    const splitter = new LineSplitter(offset);
    const handle = await open(path);
    try {
      const buffer = Buffer.allocUnsafe(chunkBytes);
      for (let more = true; more && !context.signal.aborted;) {
        const { bytesRead } = await handle.read(buffer, 0, chunkBytes, offset);
        offset += bytesRead;
        more = bytesRead > 0;
        const batch = more ? splitter.push(buffer.subarray(0, bytesRead)) : splitter.rest();
        lines = await this.#hand(batch, lines);
      }
    } finally {
      await handle.close();
    }
    await Promise.all(this.#underway);
    if (!context.signal.aborted) await this.#mark('END', lines);
    return !context.signal.aborted;
  }

  async #resume(): Promise<LinePosition> {
    const text = await this.#job.store.get(`lines/${this.#job.path}`);
    const saved = text === undefined ? undefined : (JSON.parse(text) as LinePosition);
    return saved?.version === this.#job.version ? saved : { version: this.#job.version, offset: 0, lines: 0 };
  }

  async #hand(batch: LineBatch, before: number): Promise<number> {
    if (batch.lines.length === 0) return before;
    const correlationId = `${this.#job.path}#${this.#job.version}`;
    const { file_name, file_originalFile, file_relativePath } = this.#headers;
    const now = this.#job.context.clock.now();
    const messages = batch.lines.map((line, index) => {
      // Written out, since copying an object for every line costs more than everything else here.
      const sequenceNumber = before + index + 1;
      const headers = { file_name, file_originalFile, file_relativePath, correlationId, sequenceNumber, sequenceSize: 0 };
      return new AppMessage(line, { headers, contentType: 'text/plain' }, now);
    });
    const lines = before + messages.length;
    await this.#track(this.#job.emit(messages), { version: this.#job.version, offset: batch.end, lines });
    return lines;
  }

  // Positions are saved in the order of the file: a batch's only when all before it are done.
  async #track(emitted: Promise<void>, position: LinePosition): Promise<void> {
    const previous = this.#underway.at(-1);
    const saved = (async () => {
      await Promise.all([previous, emitted]);
      await this.#job.store.put(`lines/${this.#job.path}`, JSON.stringify(position));
    })();
    saved.catch(() => undefined); // Awaited below or at the end of the file.
    this.#underway.push(saved);
    if (this.#underway.length > window) await this.#underway.shift();
  }

  async #mark(mark: 'START' | 'END', lineCount: number): Promise<void> {
    const { options } = this.#job.context;
    if (options.withMarkers !== true) return;
    const content = { filePath: this.#job.path, mark, lineCount };
    const headers = { ...this.#headers, file_marker: mark };
    const payload = options.markersJson ? JSON.stringify(content) : content;
    await this.#job.emit(new AppMessage(payload, { headers, contentType: 'application/json' }, this.#job.context.clock.now()));
  }
}
