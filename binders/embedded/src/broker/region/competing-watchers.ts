import type { WatchMeta } from '../../wire/protocol.ts';
import type { ChangeSource } from './change-source.ts';
import { defaultBacklog, tooOld } from './change-source.ts';
import type { ChangeLog } from './change-log.ts';
import type { Change } from '../../records/change-records.ts';
import type { Selection } from './watch-events.ts';

/** Changes handed to members and not acknowledged; beyond, no more are read. */
const pendingLimit = 10_000;

interface Pending {
  readonly change: Change;
  owner: CompetingMember;
}

/**
 * Members of a named watcher that share its changes: those of one key go to one member at a time, in order. The shared position is
 * the first change that nobody has acknowledged.
 */
export class CompetingWatchers {
  readonly #changes: ChangeLog;
  readonly #options: WatchMeta;
  readonly #selection: Selection;
  readonly #members: CompetingMember[] = [];
  /** In order of their offsets. */
  readonly #pending = new Map<number, Pending>();
  #cursor: number;

  constructor(changes: ChangeLog, options: WatchMeta, selection: Selection, cursor: number) {
    this.#changes = changes;
    this.#options = options;
    this.#selection = selection;
    this.#cursor = cursor;
  }

  get size(): number {
    return this.#members.length;
  }

  get backlog(): number {
    return this.#changes.next - this.#cursor + this.#pending.size;
  }

  /** The first change that is not done. */
  get position(): number {
    for (const offset of this.#pending.keys()) return offset;
    return this.#cursor;
  }

  join(wake: () => void): CompetingMember {
    const member = new CompetingMember(this, wake);
    this.#members.push(member);
    return member;
  }

  leave(member: CompetingMember): void {
    this.#members.splice(this.#members.indexOf(member), 1);
    if (this.#members.length === 0) return this.restart(this.position);
    for (const pending of this.#pending.values()) if (pending.owner === member) this.#give(pending);
    for (const other of this.#members) other.wake();
  }

  restart(offset: number): void {
    this.#pending.clear();
    for (const member of this.#members) member.queue = [];
    this.#cursor = offset;
  }

  acknowledged(member: CompetingMember, offset: number): void {
    for (const [at, { owner }] of this.#pending) {
      if (at >= offset) break;
      if (owner === member) this.#pending.delete(at);
    }
  }

  /** Reads on until there is something for this member. */
  fill(member: CompetingMember): string | undefined {
    const { maxBacklog = defaultBacklog, whenFull } = this.#options;
    const changes = this.#changes;
    if (this.#cursor < changes.earliest) return tooOld;
    if (whenFull !== 'block' && changes.next - this.#cursor > maxBacklog)
      return `more than ${maxBacklog} changes were waiting for this watcher`;
    const others = new Set<CompetingMember>();
    while (member.queue.length === 0 && this.#pending.size < pendingLimit && this.#cursor < changes.next)
      for (const change of changes.read(this.#cursor)) this.#hand(change, others);
    others.delete(member);
    for (const other of others) other.wake();
    return undefined;
  }

  #hand(change: Change, served: Set<CompetingMember>): void {
    this.#cursor = change.offset + 1;
    const { excludeOrigin } = this.#options;
    if (excludeOrigin !== undefined && change.origin === excludeOrigin) return;
    if (this.#selection.kindOf(change) === undefined) return;
    const pending: Pending = { change, owner: this.#members[0]! };
    this.#pending.set(change.offset, pending);
    served.add(this.#give(pending));
  }

  /** A key stays with whoever still has changes of it, so that they are handled in order. */
  #give(pending: Pending): CompetingMember {
    const { key, offset } = pending.change;
    const owner = this.#members[hash(key) % this.#members.length]!;
    pending.owner = this.#ownerBefore(key, offset) ?? owner;
    pending.owner.queue.push(pending.change);
    return pending.owner;
  }

  #ownerBefore(key: string, before: number): CompetingMember | undefined {
    for (const member of this.#members) if (member.holds(key, before)) return member;
    return undefined;
  }
}

/** One of the members that share. */
export class CompetingMember implements ChangeSource {
  queue: Change[] = [];
  /** Keys handed to this member, with the offset of their last change. */
  readonly #given = new Map<string, number>();
  readonly #group: CompetingWatchers;
  readonly wake: () => void;

  constructor(group: CompetingWatchers, wake: () => void) {
    this.#group = group;
    this.wake = wake;
  }

  get backlog(): number {
    return this.#group.backlog;
  }

  holds(key: string, before: number): boolean {
    const given = this.#given.get(key);
    return (given !== undefined && given < before) || this.queue.some((change) => change.key === key && change.offset < before);
  }

  pull(): readonly Change[] | string {
    const lost = this.queue.length === 0 ? this.#group.fill(this) : undefined;
    if (lost !== undefined) return lost;
    const changes = this.queue;
    this.queue = [];
    for (const { key, offset } of changes) this.#given.set(key, offset);
    return changes;
  }

  restart(offset: number): void {
    this.#given.clear();
    this.#group.restart(offset);
  }

  acknowledged(offset: number): void {
    for (const [key, given] of this.#given) if (given < offset) this.#given.delete(key);
    this.#group.acknowledged(this, offset);
  }

  close(): void {
    this.#group.leave(this);
  }
}

/** FNV-1a: spreads keys evenly and is the same everywhere. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
