import type { StartPosition } from '@millrace/messaging/binder';
import type { MillraceError, Timer } from '@millrace/core';
import type { CollectedBatches } from '../../journal/journal.ts';
import { raise } from '../../errors.ts';
import type { Position, StoredPartitionMeta } from '../../wire/protocol.ts';
import { share } from './assignment.ts';
import type { BrokerContext } from '../context.ts';
import type { Member } from './member.ts';
import type { Partition } from './partition.ts';

/** The log that a group reads, as far as the group has to know it. */
export interface GroupLog {
  readonly name: string;
  readonly stored: { readonly id: number };
  readonly partitions: readonly Partition[];
  partition(number: number): Partition;
  /** The groups; an anonymous one takes itself out. */
  readonly groups: { delete(name: string): boolean };
}

/** Who reads a partition now. Acknowledgements count only with its epoch. */
interface Ownership {
  readonly member: Member;
  readonly epoch: number;
  revocation: Timer | undefined;
}

/**
 * Consumers that share a log. Each partition is read by one member at a time; positions are durable for named groups, and
 * acknowledgements of former owners are ignored.
 */
export class ConsumerGroup {
  readonly name: string;
  readonly durable: boolean;
  readonly #context: BrokerContext;
  readonly #destination: GroupLog;
  readonly #members = new Set<Member>();
  readonly #owners: (Ownership | undefined)[];
  readonly #committed: (number | undefined)[];
  readonly #initial: (number | undefined)[];
  readonly #delivered: number[];
  #epoch: number;
  #grace: Timer | undefined;
  #started: boolean;
  #gone: MillraceError | undefined;

  constructor(context: BrokerContext, destination: GroupLog, name: string, durable: boolean) {
    this.#context = context;
    this.#destination = destination;
    this.name = name;
    this.durable = durable;
    const partitions = destination.partitions.map(({ number }) => number);
    this.#owners = partitions.map(() => undefined);
    this.#delivered = partitions.map(() => 0);
    const stored = context.control.get(this.#key) as { initial: readonly (number | null)[] } | undefined;
    this.#started = stored !== undefined;
    this.#initial = partitions.map((partition) => stored?.initial[partition] ?? undefined);
    this.#committed = partitions.map((partition) => context.control.get(this.#positionKey(partition)) as number | undefined);
    // Never the same again, also after a restart: an epoch is proof of ownership.
    this.#epoch = context.clock.now() * 1000;
  }

  get #key(): string {
    return `g|${this.#destination.stored.id}|${this.name}`;
  }

  #positionKey(partition: number): string {
    return `o|${this.#destination.stored.id}|${partition}|${this.name}`;
  }

  get empty(): boolean {
    return this.#members.size === 0;
  }

  /** Fixes where the group begins, unless it did already. */
  start(position: StartPosition): void {
    if (this.#started) return;
    this.#started = true;
    for (const partition of this.#destination.partitions) this.#initial[partition.number] = initialOffset(partition, position);
    if (this.durable) this.#context.control.put(this.#key, { initial: this.#initial.map((offset) => offset ?? null) });
  }

  /** The next offset that the group needs. */
  position(partition: number): number {
    const { earliest, next } = this.#destination.partitions[partition]!.bounds;
    return Math.min(next, Math.max(this.#committed[partition] ?? this.#initial[partition] ?? 0, earliest));
  }

  get committed(): readonly (readonly [partition: number, offset: number])[] {
    return this.#committed.flatMap((offset, partition) => (offset === undefined ? [] : [[partition, offset] as const]));
  }

  get lag(): number {
    return this.#destination.partitions.reduce((sum, { number, bounds }) => sum + bounds.next - this.position(number), 0);
  }

  join(member: Member): void {
    this.#members.add(member);
    for (const [partition, epoch] of member.held) this.#giveBack(member, partition, epoch);
    this.#rebalance();
  }

  /** `delivered`: what the member handed to handlers, where it can say. */
  leave(member: Member, delivered?: readonly (readonly [partition: number, offset: number])[]): void {
    if (!this.#members.delete(member)) return;
    for (const [partition, offset] of delivered ?? [])
      if (this.#owners[partition]?.member === member) this.#delivered[partition] = offset;
    this.#owners.forEach((owner, partition) => {
      if (owner?.member === member) this.#free(partition);
    });
    member.failPoll(raise('CONSUMER_GONE', { consumer: member.consumer }));
    if (!this.durable && this.empty) this.#destination.groups.delete(this.name);
    this.#rebalance();
  }

  /** A member has given up these partitions. */
  revoked(member: Member, partitions: readonly (readonly [partition: number, delivered: number])[]): void {
    for (const [partition, delivered] of partitions) {
      if (this.#owners[partition]?.member !== member) continue;
      this.#delivered[partition] = delivered;
      this.#free(partition);
    }
    this.#rebalance();
  }

  /** Answers the member's poll as soon as there is something for it. */
  serve(member: Member): void {
    member.stopWaiting();
    if (this.#gone !== undefined) return member.failPoll(this.#gone);
    const { wants } = member;
    if (wants === undefined) return;
    try {
      const found = this.#read(member, wants);
      if (found.metas.length > 0) member.deliver(found.metas, found.body);
      else for (const [partition] of wants) member.waitFor(this.#destination.partition(partition).wait(() => this.serve(member)));
    } catch (error) {
      member.failPoll(error);
    }
  }

  /** The part of these acknowledgements that comes from the present owners and moves the group on. */
  valid(member: Member, positions: readonly Position[]): Position[] {
    return positions.filter(([partition, epoch]) => this.#owns(member, partition, epoch));
  }

  /** Whether none of these positions is of a former owner. */
  ownsAll(member: Member, positions: readonly Position[]): boolean {
    return positions.every(([partition, epoch]) => this.#owns(member, partition, epoch));
  }

  /** Puts positions into the next commit; {@link applied} follows it. */
  stage(positions: readonly Position[]): void {
    if (!this.durable || this.#gone !== undefined) return;
    for (const [partition, , offset] of positions)
      if (offset > (this.#committed[partition] ?? -1)) this.#context.control.put(this.#positionKey(partition), offset);
  }

  applied(positions: readonly Position[]): void {
    for (const [partition, , offset] of positions)
      if (offset > (this.#committed[partition] ?? -1)) this.#committed[partition] = offset;
  }

  /** Puts new positions into the next commit, backwards too. */
  stageSeek(positions: readonly (readonly [partition: number, offset: number])[]): void {
    this.start('earliest');
    for (const [partition, offset] of positions) this.#context.control.put(this.#positionKey(partition), offset);
  }

  /** After the commit: owners begin anew there. */
  sought(positions: readonly (readonly [partition: number, offset: number])[]): void {
    for (const [partition, offset] of positions) {
      this.#committed[partition] = offset;
      this.#delivered[partition] = 0;
      const owner = this.#owners[partition];
      if (owner !== undefined && owner.revocation === undefined) this.#assign(partition, owner.member);
    }
  }

  dropped(): void {
    this.#gone = raise('DESTINATION_UNKNOWN', { destination: this.#destination.name });
    for (const member of this.#members) member.failPoll(this.#gone);
    this.#grace?.cancel();
    for (const owner of this.#owners) owner?.revocation?.cancel();
  }

  #owns(member: Member, partition: number, epoch: number): boolean {
    const owner = this.#owners[partition];
    return owner?.member === member && owner.epoch === epoch;
  }

  #read(member: Member, wants: readonly Position[]): { metas: StoredPartitionMeta[]; body: Uint8Array[] } {
    const metas: StoredPartitionMeta[] = [];
    const body: Uint8Array[] = [];
    let left = Math.min(member.maxBytes, this.#context.limits.maxAnswerBytes);
    let failure: unknown;
    for (const [partition, epoch, from] of wants) {
      if (left <= 0) break;
      if (!this.#owns(member, partition, epoch)) continue;
      const found = this.#collect(partition, from, left, (error) => (failure ??= error));
      if (found === undefined) continue;
      for (const { baseOffset: base, firstTime: first, count, bytes } of found.batches) {
        metas.push({ partition, base, first, count, length: bytes.length });
        this.#delivered[partition] = Math.max(this.#delivered[partition]!, base + count);
      }
      body.push(found.bytes);
      left -= found.bytes.length;
    }
    // Other partitions come first, so that a damaged one does not hold them back.
    if (metas.length === 0 && failure !== undefined) throw failure;
    return { metas, body };
  }

  #collect(partition: number, from: number, maxBytes: number, failed: (error: unknown) => void): CollectedBatches | undefined {
    try {
      return this.#destination.partition(partition).collect(from, maxBytes);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #rebalance(): void {
    const waiting = this.#context.graceUntil - this.#context.clock.monotonic();
    // After a take-over former members come back one by one; until all had time to, nobody gets more than it had.
    if (waiting > 0) {
      this.#grace ??= this.#context.clock.after(waiting, () => {
        this.#grace = undefined;
        this.#rebalance();
      });
      return;
    }
    const target = share(
      [...this.#members],
      this.#owners.map((owner) => owner?.member),
    );
    target.forEach((member, partition) => {
      const owner = this.#owners[partition];
      if (owner === undefined && member !== undefined) this.#assign(partition, member);
      else if (owner !== undefined && owner.member !== member) this.#revoke(partition, owner);
    });
  }

  /** What the member had before its connection was lost is its own again, under the same epoch, if nobody else has it. */
  #giveBack(member: Member, partition: number, epoch: number): void {
    if (partition >= this.#owners.length || this.#owners[partition] !== undefined) return member.lose(partition);
    this.#owners[partition] = { member, epoch, revocation: undefined };
  }

  #assign(partition: number, member: Member): void {
    const epoch = ++this.#epoch;
    this.#owners[partition] = { member, epoch, revocation: undefined };
    member.assigned({ partition, epoch, from: this.position(partition), delivered: this.#delivered[partition]! });
  }

  #revoke(partition: number, owner: Ownership): void {
    if (owner.revocation !== undefined) return;
    owner.revocation = this.#context.clock.after(this.#context.limits.revokeMs, () => {
      owner.member.lose(partition);
      this.#free(partition);
      this.#rebalance();
    });
    owner.member.revoke(partition);
  }

  #free(partition: number): void {
    this.#owners[partition]?.revocation?.cancel();
    this.#owners[partition] = undefined;
  }
}

function initialOffset(partition: Partition, start: StartPosition): number | undefined {
  if (start === 'earliest') return undefined;
  if (start === 'latest') return partition.bounds.next;
  return 'offset' in start ? start.offset : partition.offsetAt(start.time);
}
