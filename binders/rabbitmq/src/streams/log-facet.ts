import type { LogFacet, LogSlice, PartitionBounds, ReadOptions } from '@millrace/messaging/binder';
import { randomUUID } from 'node:crypto';
import type { Admin } from '../client/admin.ts';
import { isConnectionFault } from '../client/faults.ts';
import type { Locks } from '../client/locks.ts';
import { sleep } from '../client/patience.ts';
import { codeOf, translate } from '../client/translate.ts';
import { raise } from '../errors.ts';
import type { KnownDestination } from '../topology/catalogue.ts';
import type { Destinations } from '../topology/destinations.ts';
import { Cursor } from './cursor.ts';
import { partitionsOf } from './layout.ts';
import type { Positions } from './positions.ts';
import type { Notice, Roster } from './roster.ts';
import type { StreamLog } from './stream-log.ts';

/** What the log facet works with. */
export interface LogParts {
  readonly admin: Admin;
  readonly destinations: Destinations;
  readonly positions: Positions;
  readonly locks: Locks;
  readonly roster: Roster;
  readonly streamLog: StreamLog;
  readonly cursors: Cursors;
}

const mostCursors = 32;
const idleMs = 5000;

/** Readers that are kept for a while, since whoever reads a slice mostly reads on. */
export class Cursors {
  readonly #idle = new Map<string, { readonly cursor: Cursor; readonly timer: NodeJS.Timeout }>();

  take(key: string): Cursor | undefined {
    const kept = this.#idle.get(key);
    if (kept === undefined) return undefined;
    clearTimeout(kept.timer);
    this.#idle.delete(key);
    return kept.cursor;
  }

  async keep(key: string, cursor: Cursor): Promise<void> {
    if (this.#idle.has(key) || this.#idle.size >= mostCursors) return cursor.close();
    const timer = setTimeout(() => void this.take(key)?.close(), idleMs);
    timer.unref();
    this.#idle.set(key, { cursor, timer });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#idle.keys()].map(async (key) => this.take(key)?.close()));
  }
}

/** Destinations of streams, read without a group. */
export class RabbitLog implements LogFacet {
  readonly #parts: () => LogParts;

  constructor(parts: () => LogParts) {
    this.#parts = parts;
  }

  async partitions(destination: string): Promise<readonly PartitionBounds[]> {
    const { streamLog } = this.#parts();
    const entry = await this.#entry(destination);
    return Promise.all(partitionsOf(entry).map(async (partition) => streamLog.bounds(destination, partition)));
  }

  async offsetAt(destination: string, partition: number, time: number): Promise<number> {
    const { streamLog } = this.#parts();
    checkPartition(await this.#entry(destination), partition);
    return streamLog.offsetAt(destination, partition, time);
  }

  async read(destination: string, partition: number, from: number, options: ReadOptions = {}): Promise<LogSlice> {
    const { admin, destinations } = this.#parts();
    // A destination that is known needs no look at the list: if it is gone, its stream is.
    const entry = destinations.catalogue.known(destination) ?? (await this.#entry(destination));
    checkPartition(entry, partition);
    if (options.signal?.aborted === true) throw raise('CANCELLED', {});
    const deadline = performance.now() + admin.patienceMs + (options.waitMs ?? 0);
    for (;;) {
      try {
        return await this.#read(destination, partition, from, options);
      } catch (error) {
        if (codeOf(error) === 'NOT_FOUND') await this.#entry(destination);
        if (!isConnectionFault(error) || performance.now() > deadline)
          throw translate(error, `read '${destination}'`, admin.link.addressText);
        if (await destinations.isGone(destination)) throw raise('DESTINATION_GONE', { destination });
        await sleep(50);
      }
    }
  }

  async committed(destination: string, group: string): Promise<ReadonlyMap<number, number>> {
    const { positions } = this.#parts();
    const entry = await this.#entry(destination);
    const found = await Promise.all(
      partitionsOf(entry).map(async (partition) => [partition, await positions.read({ destination, group, partition })] as const),
    );
    return new Map(found.filter((each): each is readonly [number, number] => each[1] !== undefined));
  }

  async seek(destination: string, group: string, positions: ReadonlyMap<number, number>): Promise<void> {
    const entry = await this.#entry(destination);
    for (const partition of positions.keys()) checkPartition(entry, partition);
    await Promise.all([...positions].map(async ([partition, offset]) => this.#seek(entry, group, partition, offset)));
    await this.#parts().destinations.catalogue.addGroup(destination, group);
  }

  /** Where nobody has the partition the position is written here; otherwise its owner is asked, so that both do not write at once. */
  async #seek({ name }: KnownDestination, group: string, partition: number, offset: number): Promise<void> {
    const { admin, locks, positions, destinations } = this.#parts();
    const deadline = performance.now() + admin.patienceMs;
    const base = destinations.names.group(name, group);
    while (performance.now() < deadline) {
      const lock = await locks.hold(`${base}-${partition}.mr-owner`);
      if (lock !== undefined) {
        try {
          return await positions.begin({ destination: name, group, partition }, offset);
        } finally {
          await lock.release();
        }
      }
      if (await this.#asked(base, partition, offset)) return;
    }
    throw raise('TOO_SLOW', { what: `move group '${group}' in '${name}'`, waitedMs: admin.patienceMs });
  }

  /** Asks the partition's owner, and waits a little for its answer. */
  async #asked(group: string, partition: number, offset: number): Promise<boolean> {
    const { roster } = this.#parts();
    const id = randomUUID();
    let answered: (() => void) | undefined;
    const answer = new Promise<boolean>((resolve) => (answered = () => resolve(true)));
    const heard = (notice: Notice): void => void (notice.is === 'moved' && notice.id === id && answered!());
    const listener = { id, heard, reconnected: () => undefined };
    await roster.join(group, listener);
    try {
      roster.tell(group, id, { is: 'move', id, partition, offset });
      return await Promise.race([answer, sleep(1000).then(() => false)]);
    } finally {
      await roster.leave(group, listener);
    }
  }

  async #read(
    destination: string,
    partition: number,
    from: number,
    { maxBytes = 1 << 20, waitMs = 0, signal }: ReadOptions,
  ): Promise<LogSlice> {
    const { admin, cursors, streamLog, destinations } = this.#parts();
    const stream = destinations.names.stream(destination, partition);
    const start = Math.max(0, from);
    const key = (offset: number): string => `${stream}@${offset}`;
    const cursor = cursors.take(key(start)) ?? new Cursor(admin.link, stream, partition, start, admin.patienceMs);
    const waiting = new Waiting(signal);
    try {
      // Whether there is more the server does not say: a message that must come is waited for.
      const isAtEnd = waitMs === 0 && (await streamLog.end(destination, partition)) <= start;
      if (!isAtEnd && !(await cursor.arrived(waiting.until(waitMs === 0 ? admin.patienceMs : waitMs)))) waiting.check();
      const messages = isAtEnd ? [] : await cursor.take(maxBytes);
      await cursors.keep(key(messages.length > 0 ? cursor.next : start), cursor);
      return { messages, next: messages.length > 0 ? cursor.next : start };
    } catch (error) {
      await cursor.close();
      throw error;
    } finally {
      waiting.end();
    }
  }

  async #entry(destination: string): Promise<KnownDestination> {
    const entry = await this.#parts().destinations.existing(destination);
    if (entry.storage !== 'streams') throw raise('LOG_MISSING', { destination });
    return entry;
  }
}

/** A wait that a signal may end. */
class Waiting {
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abort: (() => void) | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Resolves after `ms`, or when the signal is aborted. */
  until(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, ms);
      this.#abort = () => resolve();
      this.#signal?.addEventListener('abort', this.#abort, { once: true });
    });
  }

  check(): void {
    if (this.#signal?.aborted === true) throw raise('CANCELLED', {});
  }

  end(): void {
    clearTimeout(this.#timer);
    if (this.#abort !== undefined) this.#signal?.removeEventListener('abort', this.#abort);
  }
}

function checkPartition({ name, partitions }: KnownDestination, partition: number): void {
  if (!(Number.isInteger(partition) && partition >= 0 && partition < partitions))
    throw raise('PARTITION_UNKNOWN', { destination: name, partition, partitions });
}
