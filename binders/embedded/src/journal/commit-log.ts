import { controlStream, encodeMarks } from './control.ts';
import type { Mark, SegmentMark } from './control.ts';
import type { BatchInput } from './journal.ts';
import type { RecoveredFiles } from './recovery.ts';
import { randomId } from './recovery.ts';
import { frameSize } from './segment-format.ts';
import type { SegmentStore } from './segment-store.ts';
import type { FrameIdentity, PlacedBatch } from './segment-writer.ts';
import { SegmentWriter } from './segment-writer.ts';
import { Segment } from './segment.ts';
import type { StreamCatalogue } from './stream-catalogue.ts';

/** Left allocated behind every commit, so that truncations and drops can be noted on a full disk: they are what frees space. */
const markReserve = 4096;

export interface CommitLogOptions {
  readonly segmentBytes: number;
  readonly windowBytes: number;
}

/** The end of the log: gives batches their offsets, appends them as durable frames, and begins a new segment when one is full. */
export class CommitLog {
  flushes = 0;
  readonly #store: SegmentStore;
  readonly #streams: StreamCatalogue;
  readonly #options: CommitLogOptions;
  /** Tells the frames of this opening from torn ones of another that had the same place and number. */
  readonly #epoch = randomId();
  #sequence: number;
  #writer: SegmentWriter;

  constructor(store: SegmentStore, streams: StreamCatalogue, files: RecoveredFiles, options: CommitLogOptions) {
    this.#store = store;
    this.#streams = streams;
    this.#options = options;
    for (const mark of files.marks) if ('stream' in mark) streams.apply(mark);
    for (const segment of [...files.segments, ...files.missing].toSorted((a, b) => a.sequence - b.sequence))
      if (files.missing.includes(segment)) streams.attachMissing(segment);
      else streams.attach(segment);
    streams.attached();
    store.segments.push(...files.segments);
    store.missing.push(...files.missing);
    this.#sequence = Math.max(0, ...files.segments.map((segment) => segment.lastFrame));
    const last = files.segments.at(-1);
    if (files.appendable && last !== undefined)
      this.#writer = new SegmentWriter(last, store.disk.open(last.name), options.windowBytes);
    else this.#writer = this.#begin(Math.max(last?.sequence ?? 0, files.missing.at(-1)?.sequence ?? 0) + 1);
  }

  /** What writes the last segment. */
  get writer(): SegmentWriter {
    return this.#writer;
  }

  /** Makes the batches durable, with the marks that are due; returns their offsets. */
  commit(batches: readonly BatchInput[]): readonly number[] {
    const placed = this.#place(batches);
    const marks = this.#streams.pendingMarks();
    if (placed.length + marks.length > 0) this.#append(placed, marks);
    return placed.map((batch) => batch.baseOffset);
  }

  /** Makes truncations and drops durable that are not yet. */
  flushMarks(): void {
    const marks = this.#streams.pendingMarks();
    if (marks.length > 0) this.#append([], marks);
  }

  /** Makes durable that segments are about to be removed, with the truncations and drops that allow it. */
  forget(segments: readonly Segment[]): void {
    this.#append([], [...this.#streams.pendingMarks(), ...segments.map(({ sequence }) => ({ segment: sequence, removed: true }))]);
  }

  /** The next frame's. */
  identity(): FrameIdentity {
    // Also after a failure the number is not used again.
    return { journalId: this.#store.journalId, epoch: this.#epoch, sequence: ++this.#sequence };
  }

  /** All marks, as the batch that a new segment begins with. */
  checkpoint(): PlacedBatch {
    const { segments } = this.#store;
    return controlBatch([...this.#streams.checkpoint(segments), ...this.#otherSegments()], true);
  }

  /** Allocates space ahead when it is about to run out. */
  prepare(): void {
    const { ahead, segment } = this.#writer;
    if (ahead < segment.end / 8 && segment.end < this.#options.segmentBytes / 2) this.#writer.prepare(this.#options.segmentBytes);
  }

  close(): void {
    this.#writer.close();
  }

  #otherSegments(): readonly SegmentMark[] {
    const { segments, missing } = this.#store;
    const oldest = segments[0]?.sequence ?? Infinity;
    const known = [...segments, ...missing.filter(({ sequence }) => sequence > oldest || this.#streams.lack)];
    return known.map(({ sequence }) => ({ segment: sequence, removed: false }));
  }

  #place(batches: readonly BatchInput[]): readonly PlacedBatch[] {
    const next = new Map<number, number>();
    return batches.map(({ stream, count, firstTime, lastTime, bytes }) => {
      const baseOffset = next.get(stream) ?? this.#streams.get(stream)?.next ?? 0;
      next.set(stream, baseOffset + count);
      return { stream, baseOffset, count, firstTime, lastTime, bytes };
    });
  }

  #append(placed: readonly PlacedBatch[], marks: readonly Mark[]): void {
    const frame = marks.length === 0 ? placed : [controlBatch(marks, false), ...placed];
    // Marks alone fit into what is left for them, so that they never wait for the space of a new segment.
    if (placed.length > 0 && this.#isFull(frameSize(frame))) this.#roll();
    this.#writer.append(frame, this.identity(), placed.length === 0 ? 0 : markReserve);
    this.#sync();
    this.#streams.pendingAreDurable();
    const { extents } = this.#writer.segment;
    for (const { stream, bytes } of placed) this.#streams.ensure(stream).extend(extents.get(stream)!, bytes.length);
  }

  #isFull(size: number): boolean {
    const { end, extents } = this.#writer.segment;
    // A frame that is larger than a segment gets one for itself.
    const hasData = extents.size > 1;
    return hasData && end + size > this.#options.segmentBytes;
  }

  #roll(): void {
    const old = this.#writer;
    this.#writer = this.#begin(old.segment.sequence + 1);
    old.close();
  }

  /** Creates a segment that can be appended to, durably; leaves nothing behind where there is no space for it. */
  #begin(sequence: number): SegmentWriter {
    const segment = new Segment(sequence, randomId());
    const { disk, journalId } = this.#store;
    let writer: SegmentWriter | undefined;
    try {
      writer = SegmentWriter.create(disk, segment.name, segment, journalId, this.#options.windowBytes);
      writer.append([this.checkpoint()], this.identity(), markReserve);
      writer.sync();
      disk.syncDirectory();
    } catch (error) {
      writer?.close();
      this.#discard(segment);
      throw error;
    }
    this.#store.segments.push(segment);
    return writer;
  }

  /** Durably: a leftover would pass for the end of the log after a crash. */
  #discard(segment: Segment): void {
    const { disk } = this.#store;
    if (!disk.list().includes(segment.name)) return;
    disk.remove(segment.name);
    disk.syncDirectory();
  }

  #sync(): void {
    this.#writer.sync();
    this.flushes++;
  }
}

function controlBatch(marks: readonly Mark[], complete: boolean): PlacedBatch {
  const bytes = encodeMarks(marks, complete);
  return { stream: controlStream, baseOffset: 0, count: 1, firstTime: 0, lastTime: 0, bytes };
}
