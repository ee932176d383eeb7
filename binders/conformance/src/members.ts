import assert from 'node:assert/strict';
import type { Binder, ConsumerBinding, ConsumerListener, ConsumerOptions } from '@millrace/messaging/binder';
import type { Kit } from './kit.ts';

/** The members of one group and the partitions that each was told it has. */
export class Members {
  readonly #kit: Kit;
  readonly #partitions: number;
  readonly #owners = new Map<number, Member>();
  readonly #members = new Set<Member>();
  readonly #violations: string[] = [];

  constructor(kit: Kit, partitions: number) {
    this.#kit = kit;
    this.#partitions = partitions;
  }

  /** Binds another member. */
  async join(
    destination: string,
    group: string,
    options: ConsumerOptions & { readonly binder?: Binder; readonly revoked?: ConsumerListener['revoked'] } = {},
  ): Promise<Member> {
    const { binder = this.#kit.binder, revoked, ...rest } = options;
    const member = new Member(`member ${this.#members.size + 1}`, (leaving) => this.#left(leaving));
    this.#members.add(member);
    const listener: ConsumerListener = {
      assigned: (partitions) => this.#assigned(member, partitions),
      revoked: async (partitions) => {
        await revoked?.(partitions);
        this.#revoked(member, partitions);
      },
      lost: (partitions) => this.#revoked(member, partitions),
    };
    const binding = binder.bindConsumer(destination, group, { partitions: this.#partitions, ...rest, listener });
    member.binding = await this.#kit.within(binding, 'bindConsumer');
    return member;
  }

  /** Waits until every partition has an owner and, with `spread`, every member a partition. */
  async settled(options: { readonly spread?: boolean } = {}): Promise<void> {
    if (!this.#kit.can.ordered) return this.#kit.pass(this.#kit.timeouts.quietMs);
    await this.#kit.eventually(
      `the ${this.#partitions} partitions being assigned to ${this.#members.size} members`,
      () => this.#owners.size === this.#partitions && (options.spread !== true || this.#everyMemberOwns()),
      this.#kit.timeouts.recoverMs,
    );
  }

  /**
   * No partition had two owners until now. To be asked before members leave other than by {@link Member.close}. Binders that do not
   * promise order may share partitions.
   */
  checkOwnership(): void {
    if (this.#kit.can.ordered) assert.deepEqual(this.#violations, [], 'a partition has one owner at a time');
  }

  #everyMemberOwns(): boolean {
    return [...this.#members].every((member) => member.owned.size > 0);
  }

  #assigned(member: Member, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const owner = this.#owners.get(partition);
      if (owner !== undefined && owner !== member)
        this.#violations.push(`${member.name} was assigned partition ${partition}, which ${owner.name} has`);
      this.#owners.set(partition, member);
      member.owned.add(partition);
    }
  }

  #revoked(member: Member, partitions: Iterable<number>): void {
    for (const partition of partitions) {
      member.owned.delete(partition);
      if (this.#owners.get(partition) === member) this.#owners.delete(partition);
    }
  }

  #left(member: Member): void {
    this.#revoked(member, [...member.owned]);
    this.#members.delete(member);
  }
}

/** One member of a group. */
export class Member {
  readonly name: string;
  readonly owned = new Set<number>();
  readonly #left: (member: Member) => void;
  #binding: ConsumerBinding | undefined;

  constructor(name: string, left: (member: Member) => void) {
    this.name = name;
    this.#left = left;
  }

  get binding(): ConsumerBinding {
    if (this.#binding === undefined) throw new TypeError('the member is not bound yet');
    return this.#binding;
  }

  set binding(binding: ConsumerBinding) {
    this.#binding = binding;
  }

  /** Leaves the group. Its partitions count as free from the beginning of the call, as others may get them before its end. */
  async close(): Promise<void> {
    this.#left(this);
    await this.binding.close();
  }
}
