import type { BatchTable } from './batch-table.ts';
import { controlStream } from './control.ts';
import type { StreamMark } from './control.ts';
import type { Damage } from './journal.ts';
import type { LostRange } from './index-file.ts';
import type { Extent, Segment } from './segment.ts';
import { StreamState } from './stream-state.ts';

/** All streams of a `SegmentJournal`, with what of them must still be made durable. */
export class StreamCatalogue {
  readonly damage: Damage[] = [];
  readonly #streams = new Map<number, StreamState>();
  readonly #dropped = new Set<number>();
  /** Streams whose bounds or absence are not durable yet. */
  readonly #pending = new Set<number>();
  readonly #tableOf: (extent: Extent) => BatchTable;
  /** Where streams may have lost offsets that were not known from the damage alone. */
  #unknown: { readonly segment: Segment; readonly position: number } | undefined;

  constructor(tableOf: (extent: Extent) => BatchTable) {
    this.#tableOf = tableOf;
  }

  get(stream: number): StreamState | undefined {
    return this.#streams.get(stream);
  }

  all(): Iterable<StreamState> {
    return this.#streams.values();
  }

  /** The highest number, also of streams that are gone. */
  get last(): number {
    let last = 0;
    for (const number of this.#streams.keys()) last = Math.max(last, number);
    for (const number of this.#dropped) last = Math.max(last, number);
    return last;
  }

  ensure(stream: number): StreamState {
    let state = this.#streams.get(stream);
    if (state === undefined) this.#streams.set(stream, (state = new StreamState(stream, this.#tableOf)));
    return state;
  }

  isDropped(stream: number): boolean {
    return this.#dropped.has(stream);
  }

  truncate(stream: number, offset: number): void {
    const state = this.#streams.get(stream);
    if (state === undefined || Math.min(offset, state.next) <= state.earliest) return;
    state.truncate(offset);
    this.#pending.add(stream);
  }

  drop(stream: number): void {
    const state = this.#streams.get(stream);
    this.#forget(stream);
    if (state !== undefined && state.next > 0) this.#pending.add(stream);
  }

  /** Whether a stream has offsets that should be there and cannot be read. */
  get lack(): boolean {
    return [...this.#streams.values()].some((state) => state.lost.some(({ to }) => to > state.earliest));
  }

  /** What the next frame should make durable. */
  pendingMarks(): readonly StreamMark[] {
    return [...this.#pending].map((stream) => this.#markOf(stream));
  }

  pendingAreDurable(): void {
    this.#pending.clear();
  }

  /** All that must be known of streams without the segments before the one that it is written to. */
  checkpoint(segments: readonly Segment[]): readonly StreamMark[] {
    const known = [...this.#streams.values()].filter((state) => state.next > 0).map((state) => state.number);
    const stillThere = [...this.#dropped].filter((stream) => segments.some((segment) => segment.extents.has(stream)));
    return [...known, ...stillThere].map((stream) => this.#markOf(stream));
  }

  apply(mark: StreamMark): void {
    if (mark.dropped) this.#forget(mark.stream);
    if (this.#dropped.has(mark.stream)) return;
    const state = this.ensure(mark.stream);
    state.next = Math.max(state.next, mark.next);
    state.truncate(mark.earliest);
  }

  /** Enters what a segment holds, the segments in order. */
  attach(segment: Segment): void {
    for (const lost of segment.lost) this.#attachLost(segment, lost);
    for (const extent of segment.extents.values()) if (extent.stream !== controlStream) this.attachExtent(extent);
  }

  /** Enters that a segment is not there: which offsets are gone shows only where a stream goes on behind it. */
  attachMissing(segment: Segment): void {
    this.#unknown = { segment, position: 0 };
    this.lose(segment, { stream: undefined, position: 0, from: 0, to: 0 }, 'the file is missing');
  }

  attachExtent(extent: Extent): void {
    if (this.#dropped.has(extent.stream)) {
      extent.segment.live -= extent.live;
      extent.live = 0;
      return;
    }
    const state = this.ensure(extent.stream);
    this.#noteJump(state, extent.first);
    state.extend(extent, extent.live);
    state.truncate(state.earliest);
  }

  /** Called when all segments are attached. */
  attached(): void {
    for (const state of this.#streams.values()) this.#noteJump(state, state.next);
  }

  /** Notes that offsets cannot be read; reads of them fail from now on. */
  lose(segment: Segment, lost: LostRange, what: string): void {
    const { stream, position, from, to } = lost;
    const known = stream !== undefined;
    if (known && this.#streams.get(stream)?.lost.some((range) => range.from <= from && range.to >= to) === true) return;
    this.damage.push({
      stream,
      file: segment.name,
      position,
      fromOffset: known ? from : undefined,
      toOffset: known ? to : undefined,
      what,
    });
    segment.damaged = true;
    if (!known || this.#dropped.has(stream)) return;
    const state = this.ensure(stream);
    state.lost.push({ from, to });
    state.next = Math.max(state.next, to);
  }

  #attachLost(segment: Segment, lost: LostRange): void {
    if (lost.stream === undefined) this.#unknown = { segment, position: lost.position };
    this.lose(segment, lost, lost.stream === undefined ? 'a part of the file is unreadable' : 'a batch was altered or is missing');
  }

  /** Where the damage does not tell what it took, the offsets that are missing behind it do. */
  #noteJump(state: StreamState, first: number): void {
    if (this.#unknown === undefined) return;
    const from = Math.max(state.extents.at(-1)?.end ?? 0, state.earliest);
    if (from >= first || state.lost.some((range) => range.from <= from && range.to >= first)) return;
    const { segment, position } = this.#unknown;
    this.lose(segment, { stream: state.number, position, from, to: first }, 'batches are missing behind an unreadable part');
  }

  #markOf(stream: number): StreamMark {
    const state = this.#streams.get(stream);
    if (state === undefined) return { stream, earliest: 0, next: 0, dropped: true };
    return { stream, earliest: state.earliest, next: state.next, dropped: false };
  }

  #forget(stream: number): void {
    this.#streams.get(stream)?.clear();
    this.#streams.delete(stream);
    this.#dropped.add(stream);
  }
}
