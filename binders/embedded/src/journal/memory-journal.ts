import { copyOfAll } from '../bytes.ts';
import { raise } from '../errors.ts';
import { checkBatch, checkStream } from './batch-check.ts';
import type {
  BatchInput,
  CollectedBatches,
  Journal,
  JournalOptions,
  JournalStats,
  StoredBatch,
  StreamBounds,
  StreamPolicy,
} from './journal.ts';
import { MemoryStream } from './memory-stream.ts';

/** A journal that lives and dies with its process: for memory-only mode and as the measure that the durable one is tested against. */
export class MemoryJournal implements Journal {
  readonly damage = [];
  readonly fenced = undefined;
  readonly #clock: JournalOptions['clock'];
  readonly #streams = new Map<number, MemoryStream>();
  readonly #dropped = new Set<number>();
  #commits = 0;
  #closed = false;

  constructor({ clock }: Pick<JournalOptions, 'clock'>) {
    this.#clock = clock;
  }

  commit(batches: readonly BatchInput[]): readonly number[] {
    this.#checkOpen();
    for (const batch of batches) {
      checkBatch(batch);
      if (this.#dropped.has(batch.stream)) throw raise('STREAM_DROPPED', { stream: batch.stream });
    }
    this.#commits++;
    return batches.map((batch) => this.#stream(batch.stream).append(batch));
  }

  read(stream: number, from: number, maxBytes: number): readonly StoredBatch[] {
    this.#checkOpen();
    return this.#streams.get(stream)?.read(from, maxBytes) ?? [];
  }

  collect(stream: number, from: number, maxBytes: number): CollectedBatches {
    const batches = this.read(stream, from, maxBytes);
    return { batches, bytes: copyOfAll(batches.map(({ bytes }) => bytes)) };
  }

  bounds(stream: number): StreamBounds {
    return this.#streams.get(stream)?.bounds ?? { earliest: 0, next: 0, bytes: 0 };
  }

  get lastStream(): number {
    return Math.max(0, ...this.#streams.keys(), ...this.#dropped);
  }

  offsetAt(stream: number, time: number): number {
    return this.#streams.get(stream)?.offsetAt(time) ?? 0;
  }

  truncate(stream: number, offset: number): void {
    this.#checkOpen();
    this.#streams.get(stream)?.truncate(offset);
  }

  drop(stream: number): void {
    this.#checkOpen();
    checkStream(stream);
    this.#streams.delete(stream);
    this.#dropped.add(stream);
  }

  setPolicy(stream: number, policy: StreamPolicy): void {
    this.#checkOpen();
    checkStream(stream);
    if (!this.#dropped.has(stream)) this.#stream(stream).policy = policy;
  }

  maintain(): boolean {
    this.#checkOpen();
    for (const stream of this.#streams.values()) stream.maintain(this.#clock.now());
    return false;
  }

  stats(): JournalStats {
    const bytes = [...this.#streams.values()].reduce((sum, stream) => sum + stream.bounds.bytes, 0);
    return { segments: 0, bytes, commits: this.#commits, flushes: 0 };
  }

  close(): void {
    this.#closed = true;
    this.#streams.clear();
  }

  #stream(number: number): MemoryStream {
    let stream = this.#streams.get(number);
    if (stream === undefined) this.#streams.set(number, (stream = new MemoryStream()));
    return stream;
  }

  #checkOpen(): void {
    if (this.#closed) throw raise('JOURNAL_CLOSED', {});
  }
}
