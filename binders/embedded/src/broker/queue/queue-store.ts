import { copyOf } from '../../bytes.ts';
import type { ByteWriter } from '../../records/byte-writer.ts';
import type { BatchInput, StoredBatch } from '../../journal/journal.ts';
import { decodeRecords, encodeRecords } from '../../records/records.ts';
import type { RecordView } from '../../records/records.ts';
import type { StoredMeta } from '../../wire/protocol.ts';
import { raise } from '../../errors.ts';
import { batchOf } from '../control.ts';
import type { BrokerContext } from '../context.ts';
import type { QueueEntry } from './queue-entry.ts';
import type { QueueIndex } from './queue-index.ts';
import { decodeQueueRecord, writeCommand } from '../../records/command-records.ts';
import type { CommandAttributes } from '../../records/command-records.ts';
import { SeenIds } from './seen-ids.ts';

/** Bytes of waiting commands that a queue keeps in memory; beyond, they are read when handed out. */
const heldBytes = 16 * 1024 * 1024;

/** Records without use before live ones are moved to free the room. */
const slack = 10_000;
const movedAtOnce = 1000;
const readBytes = 1024 * 1024;

/** The batch of a command that is entered, and the time. */
export interface Entering {
  readonly base: number;
  readonly first: number;
  /** Monotonic. */
  readonly now: number;
  readonly wall: number;
}

/** The records of a queue in the journal: reading, recovery and room. */
export class QueueStore {
  readonly stream: number;
  readonly seen = new SeenIds();
  readonly #context: BrokerContext;
  readonly #index: QueueIndex;
  #held = 0;
  #loaded: { readonly base: number; readonly first: number; readonly records: ReadonlyMap<number, Uint8Array> } | undefined;

  constructor(context: BrokerContext, stream: number, index: QueueIndex) {
    this.#context = context;
    this.stream = stream;
    this.#index = index;
  }

  /** Enters a stored command. `record` may be kept in memory. */
  enter(command: CommandAttributes, record: RecordView, at: number, { base, first, now, wall }: Entering): void {
    const { encoded } = record;
    const keep = this.#held + encoded.length <= heldBytes;
    if (keep) this.#held += encoded.length;
    const entry: QueueEntry = {
      offset: command.moved?.offset ?? at,
      id: command.id,
      priority: command.priority,
      expires: command.expiresAt === undefined ? Infinity : now + command.expiresAt - wall,
      at,
      record: keep ? encoded : undefined,
      size: encoded.length,
      base,
      first,
      due: command.notBefore === undefined ? 0 : now + command.notBefore - wall,
      redeliveries: command.moved?.redeliveries ?? 0,
      lease: 0,
      leaseEnd: 0,
      holder: undefined,
      state: 'ready',
    };
    if (command.deduplicateMs > 0) this.seen.add(command.id, command.deduplicateMs, now - (wall - record.timestamp), at);
    this.#index.add(entry, now);
  }

  /** The records of these commands as runs that are decoded together. */
  runs(entries: readonly QueueEntry[]): { runs: StoredMeta[]; body: Uint8Array[] } {
    const runs: { base: number; first: number; count: number; length: number }[] = [];
    const body: Uint8Array[] = [];
    for (const entry of entries) {
      const record = this.#record(entry);
      const { base, first } = entry;
      const last = runs.at(-1);
      if (last?.base === base && last.first === first) {
        last.count++;
        last.length += record.length;
      } else runs.push({ base, first, count: 1, length: record.length });
      body.push(record);
    }
    return { runs, body };
  }

  /** The command is gone for good. */
  forget(entry: QueueEntry): void {
    if (entry.record !== undefined) this.#held -= entry.size;
    entry.record = undefined;
  }

  recover(): void {
    const { earliest, next } = this.#context.journal.bounds(this.stream);
    for (let from = earliest; from < next;) {
      const batches = this.#context.journal.read(this.stream, from, readBytes);
      if (batches.length === 0) break;
      for (const batch of batches) {
        this.#replay({ ...batch, bytes: copyOf(batch.bytes) }, earliest);
        from = batch.baseOffset + batch.count;
      }
    }
    this.seen.prune(this.#context.clock.monotonic());
  }

  /** Gives room in the journal back; returns whether there is more to do. */
  maintain(): boolean {
    this.seen.prune(this.#context.clock.monotonic());
    const { journal } = this.#context;
    const { earliest, next } = journal.bounds(this.stream);
    const needed = Math.min(this.#oldest()?.at ?? next, this.seen.oldest ?? next);
    if (needed > earliest) journal.truncate(this.stream, needed);
    const useless = next - needed - this.#index.entries.size;
    const blocked = needed < (this.seen.oldest ?? next);
    if (!blocked || useless < 2 * this.#index.entries.size + slack) return false;
    this.#moveOldest();
    return true;
  }

  #oldest(): QueueEntry | undefined {
    for (const entry of this.#index.entries.values()) return entry;
    return undefined;
  }

  /** Appends the commands that lie first anew, so that what is before them can go. */
  #moveOldest(): void {
    const entries: QueueEntry[] = [];
    for (const entry of this.#index.entries.values()) if (entries.push(entry) >= movedAtOnce) break;
    const batch = this.#movedBatch(entries);
    const [base] = this.#context.journal.commit([batch]);
    const records = [...decodeRecords({ bytes: batch.bytes, baseOffset: base!, firstTime: batch.firstTime })];
    entries.forEach((entry, i) => {
      this.forget(entry);
      const { encoded } = records[i]!;
      Object.assign(entry, { at: base! + i, base: base!, first: batch.firstTime, record: encoded, size: encoded.length });
      this.#held += encoded.length;
      this.#index.moved(entry);
    });
  }

  #movedBatch(entries: readonly QueueEntry[]): BatchInput {
    const inputs = entries.map((entry) => {
      const [view] = decodeRecords({ bytes: this.#record(entry), baseOffset: entry.base, firstTime: entry.first });
      const { payload, headers, key, timestamp, attributesReader } = view!;
      const command = decodeQueueRecord(attributesReader!) as CommandAttributes;
      const { offset, redeliveries } = entry;
      const writeAttributes = (out: ByteWriter): void => writeCommand(out, { ...command, moved: { offset, redeliveries } });
      return { payload, headers, key, timestamp, attributes: { writeAttributes } };
    });
    return batchOf(this.stream, encodeRecords(inputs, this.#context.clock.now()));
  }

  #record(entry: QueueEntry): Uint8Array {
    const record = entry.record ?? this.#load(entry.at);
    if (record === undefined) throw raise('COMMAND_UNREADABLE', { id: entry.id });
    return record;
  }

  #load(at: number): Uint8Array | undefined {
    const known = this.#loaded?.records.get(at);
    if (known !== undefined) return known;
    const [batch] = this.#context.journal.read(this.stream, at, 1);
    if (batch === undefined) return undefined;
    const bytes = copyOf(batch.bytes);
    const views = [...decodeRecords({ ...batch, bytes })];
    const records = new Map(views.map((view) => [view.offset, view.encoded]));
    this.#loaded = { base: batch.baseOffset, first: batch.firstTime, records };
    return records.get(at);
  }

  #replay(batch: StoredBatch, earliest: number): void {
    const { clock } = this.#context;
    const entering = { base: batch.baseOffset, first: batch.firstTime, now: clock.monotonic(), wall: clock.now() };
    for (const record of decodeRecords(batch)) {
      const { attributesReader } = record;
      if (record.offset < earliest || attributesReader === undefined) continue;
      const operation = decodeQueueRecord(attributesReader);
      if (operation.kind === 'done') for (const offset of operation.offsets) this.#replayDone(offset);
      else if (operation.kind === 'released') this.#replayReleased(operation);
      else {
        if (operation.moved !== undefined) this.#replayDone(operation.moved.offset);
        this.enter(operation, record, record.offset, entering);
      }
    }
  }

  #replayDone(offset: number): void {
    const entry = this.#index.entries.get(offset);
    if (entry === undefined) return;
    this.#index.remove(entry);
    this.forget(entry);
  }

  #replayReleased({ offset, redeliveries, notBefore }: { offset: number; redeliveries: number; notBefore: number }): void {
    const entry = this.#index.entries.get(offset);
    if (entry === undefined) return;
    const { clock } = this.#context;
    const now = clock.monotonic();
    entry.redeliveries = redeliveries;
    this.#index.postpone(entry, now + notBefore - clock.now(), now);
  }
}
