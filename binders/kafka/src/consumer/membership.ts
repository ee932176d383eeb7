import type { Cluster } from '../client/cluster.ts';
import type { MemberIdentity } from '../client/offsets.ts';
import { noMember } from '../client/offsets.ts';
import { codeOf } from '../client/translate.ts';
import { pause } from '../client/patience.ts';
import type { GroupMember } from './group-member.ts';

/** How a consumer comes by its partitions. */
export interface Membership {
  readonly identity: MemberIdentity;
  /** Resolves when the first partitions are taken up. */
  join(): Promise<void>;
  /** Resolves when it is known which partitions are ours. */
  settled(): Promise<void>;
  /** Called when the coordinator says that the group has moved on since; resolves when there is another identity. */
  movedOn(since: MemberIdentity): Promise<void>;
  leave(): Promise<void>;
}

/** Partitions shared with the other members of a group. */
export class SharedPartitions implements Membership {
  readonly #member: GroupMember;

  constructor(member: GroupMember) {
    this.#member = member;
  }

  get identity(): MemberIdentity {
    return this.#member.identity;
  }

  join(): Promise<void> {
    return this.#member.join();
  }

  settled(): Promise<void> {
    return this.#member.stable();
  }

  movedOn({ generation }: MemberIdentity): Promise<void> {
    return this.#member.movedOn(generation);
  }

  leave(): Promise<void> {
    return this.#member.leave();
  }
}

/** Who has fixed partitions. */
export interface FixedOwner {
  readonly topic: string;
  /** `areNew`: the topic did not have them before. */
  assigned(partitions: readonly number[], areNew: boolean): Promise<void>;
  failed(error: unknown): void;
}

/** Partitions that are fixed: all, or those of one index. Follows the topic as it grows. */
export class FixedPartitions implements Membership {
  readonly identity = noMember;
  readonly #cluster: Cluster;
  readonly #owner: FixedOwner;
  readonly #isOurs: (partition: number) => boolean;
  readonly #maxAgeMs: number;
  readonly #stopping = new AbortController();
  readonly #taken = new Set<number>();

  constructor(cluster: Cluster, owner: FixedOwner, isOurs: (partition: number) => boolean, maxAgeMs: number) {
    this.#cluster = cluster;
    this.#owner = owner;
    this.#isOurs = isOurs;
    this.#maxAgeMs = maxAgeMs;
  }

  async join(): Promise<void> {
    await this.#takeUp(false);
    void this.#follow();
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  /** Somebody takes part in the group as a member that shares; its positions are not ours to set. */
  movedOn(): Promise<void> {
    return Promise.reject(new this.#cluster.library.ProtocolError('NON_EMPTY_GROUP'));
  }

  leave(): Promise<void> {
    this.#stopping.abort();
    return Promise.resolve();
  }

  async #follow(): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#cluster.closing]);
    while (!signal.aborted) {
      try {
        await pause(this.#maxAgeMs, signal);
        await this.#takeUp(true);
      } catch (error) {
        if (signal.aborted) return;
        if (codeOf(error) !== 'UNAVAILABLE') this.#owner.failed(error);
      }
    }
  }

  async #takeUp(areNew: boolean): Promise<void> {
    const view = await this.#cluster.refresh(this.#owner.topic);
    const found = (view?.partitions ?? []).map(({ partition }) => partition);
    const added = found.filter((partition) => this.#isOurs(partition) && !this.#taken.has(partition));
    for (const partition of added) this.#taken.add(partition);
    if (added.length > 0) await this.#owner.assigned(added, areNew);
  }
}
