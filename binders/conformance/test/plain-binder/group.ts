import type { ConsumerOptions, Delivery, OutboundMessage } from '@millrace/messaging/binder';
import type { Clock } from '@millrace/core';

/** A message as a group keeps it until it is acknowledged. */
export type Kept = OutboundMessage & { readonly timestamp: number };

interface Partition {
  readonly messages: Kept[];
  /** Acknowledged up to here, handed out up to there. */
  committed: number;
  next: number;
  /** How often messages below this offset were handed out, at most. */
  handedOut: number[];
  heldUntil: number;
  owner: Member | undefined;
}

/** What a group needs of its members. */
export interface Member {
  readonly options: ConsumerOptions;
  /** Something may have arrived. */
  wake(): void;
  close(): Promise<void>;
}

/** A group with its own copy of what was sent since it began. Acknowledgement is cumulative. */
export class Group {
  readonly #clock: Clock;
  readonly #partitions: Partition[];
  readonly #members: Member[] = [];
  #rebalancing: Promise<void> = Promise.resolve();

  constructor(partitions: number, clock: Clock) {
    this.#clock = clock;
    this.#partitions = Array.from({ length: partitions }, () => ({
      messages: [],
      committed: 0,
      next: 0,
      handedOut: [],
      heldUntil: 0,
      owner: undefined,
    }));
  }

  append(partition: number, message: Kept): void {
    const each = this.#partitions[partition]!;
    each.messages.push(message);
    each.owner?.wake();
  }

  async join(member: Member): Promise<void> {
    this.#members.push(member);
    await this.#rebalance();
  }

  async leave(member: Member): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    for (const each of this.#partitions) if (each.owner === member) free(each);
    await this.#rebalance();
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }

  take(member: Member, max: number, isPaused: (partition: number) => boolean): Delivery[] {
    const taken: Delivery[] = [];
    for (const [partition, each] of this.#partitions.entries()) {
      if (each.owner !== member || isPaused(partition) || each.heldUntil > this.#clock.monotonic()) continue;
      while (taken.length < max && each.next < each.messages.length) taken.push(handOut(each, partition));
    }
    return taken;
  }

  /** Messages in hand of a member. */
  inFlight(member: Member): number {
    return this.#partitions.reduce((sum, each) => sum + (each.owner === member ? each.next - each.committed : 0), 0);
  }

  ack(member: Member, deliveries: readonly Delivery[]): void {
    for (const { partition, offset } of deliveries) {
      const each = this.#partitions[partition]!;
      if (each.owner === member && offset < each.next) each.committed = Math.max(each.committed, offset + 1);
    }
    member.wake();
  }

  release(member: Member, deliveries: readonly Delivery[], delayMs: number): void {
    for (const { partition, offset } of deliveries) {
      const each = this.#partitions[partition]!;
      if (each.owner !== member || offset < each.committed) continue;
      each.next = Math.min(each.next, offset);
      each.heldUntil = this.#clock.monotonic() + delayMs;
    }
    this.#clock.after(delayMs, () => member.wake());
    if (delayMs === 0) member.wake();
  }

  // One after the other, so that a member that joins meanwhile sees a settled group.
  #rebalance(): Promise<void> {
    this.#rebalancing = this.#rebalancing.then(() => this.#assign());
    return this.#rebalancing;
  }

  async #assign(): Promise<void> {
    const wanted = this.#partitions.map((_, partition) => ownerOf(partition, this.#members));
    for (const member of new Set(this.#partitions.map((each) => each.owner)))
      if (member !== undefined) await this.#revoke(member, wanted);
    for (const member of this.#members) this.#give(member, wanted);
  }

  async #revoke(member: Member, wanted: readonly (Member | undefined)[]): Promise<void> {
    const lost = this.#partitionsWhere((each, partition) => each.owner === member && wanted[partition] !== member);
    if (lost.length === 0) return;
    await member.options.listener?.revoked?.(lost);
    for (const partition of lost) free(this.#partitions[partition]!);
  }

  #give(member: Member, wanted: readonly (Member | undefined)[]): void {
    const gained = this.#partitionsWhere((each, partition) => each.owner === undefined && wanted[partition] === member);
    for (const partition of gained) this.#partitions[partition]!.owner = member;
    if (gained.length > 0) member.options.listener?.assigned?.(gained);
    member.wake();
  }

  #partitionsWhere(holds: (each: Partition, partition: number) => boolean): number[] {
    return this.#partitions.flatMap((each, partition) => (holds(each, partition) ? [partition] : []));
  }
}

function ownerOf(partition: number, members: readonly Member[]): Member | undefined {
  const fixed = members.find(({ options: { assignment } }) => assignment && partition % assignment.count === assignment.index);
  const sharing = members.filter((member) => member.options.assignment === undefined);
  return fixed ?? sharing[partition % sharing.length];
}

function free(partition: Partition): void {
  partition.owner = undefined;
  partition.next = partition.committed;
}

function handOut(each: Partition, partition: number): Delivery {
  const offset = each.next++;
  const { payload, headers, key, timestamp } = each.messages[offset]!;
  const redeliveries = each.handedOut[offset] ?? 0;
  each.handedOut[offset] = redeliveries + 1;
  return { payload, headers, key, timestamp, partition, offset, redeliveries };
}
