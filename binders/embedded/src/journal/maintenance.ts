import type { Clock } from '@millrace/core';
import { Compaction } from './compaction.ts';
import type { StreamPolicy } from './journal.ts';
import { isCompacted, isExpired } from './retention.ts';
import { Rewrite } from './rewrite.ts';
import type { Judge, RewriteContext } from './rewrite.ts';
import type { Segment } from './segment.ts';
import type { StreamState } from './stream-state.ts';

export interface MaintenanceOptions {
  readonly segmentBytes: number;
  readonly clock: Clock;
}

/** A segment is rewritten when at most this share of its records is still needed. */
const rewriteShare = 0.5;

/** A compacted stream is looked at again when its sealed part has grown by this share. */
const compactGrowth = 0.5;

/** The housekeeping of a `SegmentJournal`, in steps short enough to be done between commits. */
export class Maintenance {
  readonly #context: RewriteContext;
  readonly #options: MaintenanceOptions;
  #rewrite: Rewrite | undefined;
  #compaction: Compaction | undefined;
  /** What the last compaction found, and the segments that are to be rewritten for it. */
  #judge: Judge | undefined;
  #judged: Segment[] = [];

  constructor(context: RewriteContext, options: MaintenanceOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Does the most urgent piece of work; returns whether there may be more. */
  step(): boolean {
    return (
      this.#seal() ||
      this.#expire() ||
      this.#removeDead() ||
      this.#continueRewrite() ||
      this.#startRewrite() ||
      this.#compact() ||
      this.#idle()
    );
  }

  close(): void {
    this.#stopRewrite();
  }

  /** Writes the index file of one segment that has none, and gives the space behind its end back. */
  #seal(): boolean {
    const { store, log } = this.#context;
    const segment = store.segments.find((each) => each.tables !== undefined && each.fileId !== 0 && each !== log.writer.segment);
    if (segment === undefined) return false;
    const file = store.file(segment.name);
    if (file.size() > segment.end) {
      file.truncate(segment.end);
      file.sync();
    }
    store.writeIndex(segment);
    return true;
  }

  /** Retention is cheap, so that it is never more than a part of a step. */
  #expire(): false {
    const now = this.#options.clock.now();
    for (const state of this.#context.streams.all()) {
      const { retentionMs, retentionBytes } = state.policy;
      if (retentionMs === undefined && retentionBytes === undefined) continue;
      for (let end = this.#expired(state, now); end !== undefined; end = this.#expired(state, now))
        this.#context.streams.truncate(state.number, end);
    }
    return false;
  }

  /** The end of what is oldest in the stream and no longer wanted. */
  #expired(state: StreamState, now: number): number | undefined {
    const { bytes, policy } = state;
    const [extent] = state.extents;
    if (extent === undefined) return undefined;
    if (isWhollyExpired(extent, bytes, policy, now)) return extent.end;
    const table = this.#context.store.tableOf(extent);
    let row = extent.firstRow;
    let left = bytes;
    for (; row < table.rows && isExpired(table.at(row), left, policy, now); row++) left -= table.at(row).length;
    return row > extent.firstRow ? table.end(row - 1) : undefined;
  }

  /** Removes the segments in which nothing is needed. */
  #removeDead(): boolean {
    const { store, log } = this.#context;
    const dead = store.segments.filter(
      (segment) => segment !== log.writer.segment && segment.live === 0 && this.#mayRemove(segment),
    );
    if (dead.length === 0 || this.#rewrite !== undefined) return false;
    // Otherwise what is left of a stream elsewhere would seem to be needed again after a crash.
    log.forget(dead);
    for (const segment of dead) store.remove(segment);
    store.disk.syncDirectory();
    return true;
  }

  /** What is damaged is kept for as long as anybody might want to repair it. */
  #mayRemove(segment: Segment): boolean {
    return segment.lost.every(({ stream, to }) => {
      if (stream === undefined) return false;
      const state = this.#context.streams.get(stream);
      return state === undefined || state.earliest >= to;
    });
  }

  #continueRewrite(): boolean {
    if (this.#rewrite === undefined) return false;
    try {
      if (!this.#rewrite.step()) this.#rewrite = undefined;
    } catch (error) {
      this.#stopRewrite();
      throw error;
    }
    return true;
  }

  #stopRewrite(): void {
    const rewrite = this.#rewrite;
    this.#rewrite = undefined;
    rewrite?.abandon();
  }

  #startRewrite(): boolean {
    const judged = this.#nextJudged();
    const sources = judged === undefined ? this.#sparseRun() : [judged];
    if (sources.length === 0) return false;
    // Nothing of what is left out may come back.
    this.#context.log.flushMarks();
    this.#rewrite = new Rewrite(this.#context, sources, this.#judge);
    return true;
  }

  #nextJudged(): Segment | undefined {
    const next = this.#judged.shift();
    if (next !== undefined && (!this.#context.store.segments.includes(next) || next.damaged)) return this.#nextJudged();
    if (next === undefined) this.#judge = undefined;
    return next;
  }

  /** The first neighbours that hold little that is needed and fit into one segment together. */
  #sparseRun(): readonly Segment[] {
    for (const state of this.#context.streams.all()) state.settle();
    const run: Segment[] = [];
    let live = 0;
    for (const segment of this.#context.store.segments) {
      const fits = this.#isSparse(segment) && live + segment.live <= this.#options.segmentBytes;
      if (!fits && run.length > 0) break;
      if (!fits) continue;
      run.push(segment);
      live += segment.live;
    }
    return run;
  }

  #isSparse(segment: Segment): boolean {
    const sealed = segment !== this.#context.log.writer.segment && segment.tables === undefined && !segment.damaged;
    return sealed && segment.live > 0 && segment.live <= segment.bytes * rewriteShare;
  }

  #compact(): boolean {
    this.#compaction ??= this.#startCompaction();
    if (this.#compaction === undefined) return false;
    if (this.#compaction.step()) return true;
    const { dead, judge } = this.#compaction;
    this.#compaction = undefined;
    this.#judge = judge;
    for (const [extent, bytes] of dead) if (isWorthRewriting(extent.segment, bytes)) this.#judged.push(extent.segment);
    return true;
  }

  #startCompaction(): Compaction | undefined {
    const { streams, log } = this.#context;
    for (const state of streams.all()) {
      if (!isCompacted(state.policy)) continue;
      const sealed =
        state.bytes - state.extents.reduce((sum, extent) => sum + (extent.segment === log.writer.segment ? extent.live : 0), 0);
      if (sealed <= state.compactedBytes * (1 + compactGrowth)) continue;
      state.compactedBytes = sealed;
      return new Compaction(this.#context, state, this.#options.clock.now());
    }
    return undefined;
  }

  #idle(): false {
    this.#context.log.prepare();
    return false;
  }
}

function isWorthRewriting(segment: Segment, dead: number): boolean {
  return !segment.damaged && segment.live - dead <= segment.bytes * rewriteShare;
}

/** Whether all of an extent is expired, seen without looking at its batches. */
function isWhollyExpired(
  extent: { lastTime: number; live: number },
  streamBytes: number,
  policy: StreamPolicy,
  now: number,
): boolean {
  return isExpired({ lastTime: extent.lastTime, length: extent.live }, streamBytes, policy, now);
}
