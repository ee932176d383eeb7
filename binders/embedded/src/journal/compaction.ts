import { decodeRecords } from '../records/records.ts';
import type { LocatedBatch } from './batch-reader.ts';
import { KeyMap } from './key-map.ts';
import type { Judge, RewriteContext } from './rewrite.ts';
import type { Extent } from './segment.ts';
import type { StreamState } from './stream-state.ts';

/** Bytes of records looked at per step. */
const stepBytes = 1 << 20;

/**
 * Finds out, a step at a time, which records of a stream are still needed and in which sealed segments so many are not that these
 * should be rewritten. Two walks: over the keys, unless the policy itself knows what lives, then over the sealed segments.
 */
export class Compaction {
  /** Bytes that are not needed, by sealed extent. */
  readonly dead = new Map<Extent, number>();
  readonly #context: RewriteContext;
  readonly #state: StreamState;
  readonly #keys: KeyMap;
  readonly #now: number;
  #walk: Walk;
  #judging: boolean;

  constructor(context: RewriteContext, state: StreamState, now: number) {
    const { earliest, policy, compactFrom } = state;
    this.#context = context;
    this.#state = state;
    this.#now = now;
    this.#judging = policy.isLive !== undefined;
    this.#keys = new KeyMap(Math.max(earliest, compactFrom), compactFrom <= earliest);
    this.#walk = new Walk(
      context,
      this.#judging ? sealedExtents(context, state) : [...state.extents],
      this.#judging ? 0 : this.#keys.end,
    );
  }

  get judge(): Judge {
    const { number: stream, policy } = this.#state;
    return { stream, isLive: policy.isLive ?? ((record) => this.#keys.isLive(record, policy, this.#now)) };
  }

  /** Returns whether there is more to do. */
  step(): boolean {
    if (this.#context.streams.get(this.#state.number) !== this.#state) return false;
    const batches = this.#walk.next();
    const readable = batches !== undefined && this.#look(batches);
    if (!readable) return false;
    if (batches.length > 0 && !(this.#keys.full && !this.#judging)) return true;
    return this.#nextWalk();
  }

  #nextWalk(): boolean {
    if (this.#judging) return false;
    this.#judging = true;
    this.#state.compactFrom = this.#keys.full ? this.#keys.end : 0;
    this.#walk = new Walk(this.#context, sealedExtents(this.#context, this.#state), 0);
    return true;
  }

  /** Returns false where a batch cannot be read; then nothing can be said about the stream. */
  #look(batches: readonly LocatedBatch[]): boolean {
    const views = this.#context.reader.read(batches);
    const { isLive } = this.judge;
    for (const [i, { extent, place }] of batches.entries()) {
      const bytes = views[i];
      if (bytes === undefined) return this.#lose(extent, place);
      for (const record of decodeRecords({ ...place, bytes })) {
        if (!this.#judging) this.#keys.add(record);
        else if (!isLive(record)) this.dead.set(extent, (this.dead.get(extent) ?? 0) + record.encoded.length);
      }
    }
    return true;
  }

  #lose(extent: Extent, { stream, position, baseOffset, count }: LocatedBatch['place']): false {
    const lost = { stream, position, from: baseOffset, to: baseOffset + count };
    this.#context.streams.lose(extent.segment, lost, 'a batch was altered');
    this.dead.clear();
    return false;
  }
}

function sealedExtents({ log }: RewriteContext, state: StreamState): readonly Extent[] {
  return state.extents.filter((extent) => extent.segment !== log.writer.segment);
}

/** Goes through the batches of extents, a bounded number at a time. */
class Walk {
  readonly #context: RewriteContext;
  readonly #extents: readonly Extent[];
  #from: number;
  #extent = 0;

  constructor(context: RewriteContext, extents: readonly Extent[], from: number) {
    this.#context = context;
    this.#extents = extents;
    this.#from = from;
  }

  /** An empty list at the end; `undefined` where a segment was removed meanwhile. */
  next(): readonly LocatedBatch[] | undefined {
    const found: LocatedBatch[] = [];
    let size = 0;
    for (; this.#extent < this.#extents.length; this.#extent++) {
      const extent = this.#extents[this.#extent]!;
      if (extent.live === 0) continue;
      if (!this.#context.store.segments.includes(extent.segment)) return undefined;
      const table = this.#context.store.tableOf(extent);
      for (let row = Math.max(table.find(this.#from), extent.firstRow); row < table.rows; row++) {
        if (size >= stepBytes) return found;
        const place = table.at(row);
        found.push({ extent, place });
        size += place.length;
        this.#from = place.baseOffset + place.count;
      }
    }
    return found;
  }
}
