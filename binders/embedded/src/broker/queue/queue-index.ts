import { priorities } from '../../wire/protocol.ts';
import { Heap } from '../heap.ts';
import type { QueueEntry } from './queue-entry.ts';

const byOffset = ({ offset }: QueueEntry): number => offset;

/** The commands of a queue by what happens to them next. All times are monotonic. */
export class QueueIndex {
  /** All commands, in the order in which their records lie in the journal. */
  readonly entries = new Map<number, QueueEntry>();
  readonly #byId = new Map<string, QueueEntry>();
  readonly #ready = Array.from({ length: priorities }, () => new Heap<QueueEntry>(byOffset));
  readonly #delayed = new Heap<{ readonly due: number; readonly entry: QueueEntry }>(({ due }) => due);
  readonly #leases = new Heap<{ readonly end: number; readonly lease: number; readonly entry: QueueEntry }>(({ end }) => end);
  #leased = 0;

  /** Commands waiting, ready or delayed. */
  get depth(): number {
    return this.entries.size - this.#leased;
  }

  byId(id: string): QueueEntry | undefined {
    return this.#byId.get(id);
  }

  add(entry: QueueEntry, now: number): void {
    this.entries.set(entry.offset, entry);
    this.#byId.set(entry.id, entry);
    this.#wait(entry, now);
  }

  /** The command that comes first, now leased; expired ones are passed over and handed to `expired`. */
  take(now: number, lease: number, leaseEnd: number, expired: (entry: QueueEntry) => void): QueueEntry | undefined {
    for (let entry = this.#popReady(); entry !== undefined; entry = this.#popReady()) {
      if (entry.expires <= now) {
        expired(entry);
        continue;
      }
      this.lease(entry, lease, leaseEnd);
      return entry;
    }
    return undefined;
  }

  /** Leases this very command, which is waiting. */
  lease(entry: QueueEntry, lease: number, leaseEnd: number): void {
    this.#leased++;
    entry.state = 'leased';
    entry.lease = lease;
    entry.leaseEnd = leaseEnd;
    this.#leases.push({ end: leaseEnd, lease, entry });
  }

  /** Changes when a waiting command is handed out. */
  postpone(entry: QueueEntry, due: number, now: number): void {
    entry.due = due;
    this.#wait(entry, now);
  }

  extend(entry: QueueEntry, leaseEnd: number): void {
    // The old end stays in the heap and is seen to be outdated when it comes up.
    entry.leaseEnd = leaseEnd;
    this.#leases.push({ end: leaseEnd, lease: entry.lease, entry });
  }

  /** Puts a leased command back. */
  release(entry: QueueEntry, due: number, now: number): void {
    this.#leased--;
    entry.lease = 0;
    entry.due = due;
    this.#wait(entry, now);
  }

  remove(entry: QueueEntry): void {
    if (entry.state === 'gone') return;
    if (entry.state === 'leased') this.#leased--;
    entry.state = 'gone';
    this.entries.delete(entry.offset);
    if (this.#byId.get(entry.id) === entry) this.#byId.delete(entry.id);
  }

  /** The record of this command now lies last in the journal. */
  moved(entry: QueueEntry): void {
    this.entries.delete(entry.offset);
    this.entries.set(entry.offset, entry);
  }

  /** Makes delayed commands ready whose time has come, and returns those whose lease ended. */
  turn(now: number): QueueEntry[] {
    while ((this.#delayed.first?.due ?? Infinity) <= now) {
      const { due, entry } = this.#delayed.pop()!;
      if (entry.state === 'delayed' && entry.due === due) this.#makeReady(entry);
    }
    const ended: QueueEntry[] = [];
    while ((this.#leases.first?.end ?? Infinity) <= now) {
      const { end, lease, entry } = this.#leases.pop()!;
      if (entry.state === 'leased' && entry.lease === lease && entry.leaseEnd === end) ended.push(entry);
    }
    return ended;
  }

  /** When {@link turn} has something to do next. */
  get nextTurn(): number {
    return Math.min(this.#delayed.first?.due ?? Infinity, this.#leases.first?.end ?? Infinity);
  }

  #wait(entry: QueueEntry, now: number): void {
    if (entry.due <= now) return this.#makeReady(entry);
    entry.state = 'delayed';
    this.#delayed.push({ due: entry.due, entry });
  }

  #makeReady(entry: QueueEntry): void {
    entry.state = 'ready';
    this.#ready[Math.min(entry.priority, priorities - 1)]!.push(entry);
  }

  #popReady(): QueueEntry | undefined {
    for (let priority = priorities - 1; priority >= 0; priority--) {
      const heap = this.#ready[priority]!;
      // Removed commands stay in their heap until they come up.
      for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) if (entry.state === 'ready') return entry;
    }
    return undefined;
  }
}
