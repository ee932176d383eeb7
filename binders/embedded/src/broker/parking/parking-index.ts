import { Buffer } from 'node:buffer';
import type { BatchInput } from '../../journal/journal.ts';
import type { RecordView } from '../../records/records.ts';
import { encodeRecords } from '../../records/records.ts';
import { allRecords, batchOf } from '../control.ts';
import type { BrokerContext } from '../context.ts';
import type { Partition } from '../log/partition.ts';

/** Removal records beyond the parked messages before they are written anew. */
const slack = 1000;

/**
 * Which messages of a dead-letter destination are still parked. Removals are records of a stream of their own, so that the messages
 * can also be consumed as any log.
 */
export class ParkingIndex {
  /** For the journal: whether a message is still needed. */
  readonly isLive = (record: RecordView): boolean => this.#positions.has(record.offset) || record.offset >= this.#next;
  readonly #context: BrokerContext;
  readonly #partition: Partition;
  readonly #removals: number;
  /** In increasing order. */
  readonly #positions = new Set<number>();
  #next = 0;

  constructor(context: BrokerContext, partition: Partition, removals: number) {
    this.#context = context;
    this.#partition = partition;
    this.#removals = removals;
    this.#recover();
  }

  get count(): number {
    return this.#positions.size;
  }

  added(base: number, count: number): void {
    for (let i = 0; i < count; i++) this.#positions.add(base + i);
    this.#next = base + count;
  }

  /** Positions after this one, oldest first. */
  after(position: number, limit: number): number[] {
    const found: number[] = [];
    for (const candidate of this.#positions) {
      if (found.length >= limit) break;
      if (candidate >= position) found.push(candidate);
    }
    return found;
  }

  /** Those that are still parked. */
  known(positions: readonly number[]): readonly number[] {
    return [...new Set(positions)].filter((position) => this.#positions.has(position));
  }

  /** What makes a removal durable. */
  removal(positions: readonly number[]): BatchInput {
    return this.#batch({ removed: positions });
  }

  removed(positions: readonly number[]): void {
    for (const position of positions) this.#positions.delete(position);
    const [oldest = this.#next] = this.#positions;
    this.#context.journal.truncate(this.#partition.stream, oldest);
    this.#compact();
  }

  #compact(): void {
    const { journal } = this.#context;
    const { earliest, next } = journal.bounds(this.#removals);
    if (next - earliest < this.#positions.size + slack) return;
    journal.commit([this.#batch({ kept: [...this.#positions], below: this.#next })]);
    journal.truncate(this.#removals, next);
  }

  #batch(operation: object): BatchInput {
    const payload = Buffer.from(JSON.stringify(operation));
    return batchOf(this.#removals, encodeRecords([{ payload, headers: {} }], this.#context.clock.now()));
  }

  #recover(): void {
    for (const { offset } of allRecords(this.#context.journal, this.#partition.stream)) this.#positions.add(offset);
    this.#next = this.#partition.bounds.next;
    for (const { payload } of allRecords(this.#context.journal, this.#removals))
      this.#replay(JSON.parse(String(Buffer.from(payload!))));
  }

  #replay(operation: { removed?: readonly number[]; kept?: readonly number[]; below?: number }): void {
    for (const position of operation.removed ?? []) this.#positions.delete(position);
    const { kept, below = 0 } = operation;
    if (kept === undefined) return;
    const still = new Set(kept);
    for (const position of this.#positions) if (position < below && !still.has(position)) this.#positions.delete(position);
  }
}
