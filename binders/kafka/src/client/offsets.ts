import type { Cluster } from './cluster.ts';
import { partly } from './answers.ts';

/** A member of a group as the coordinator knows it; without one, positions can be set only while the group has no members. */
export interface MemberIdentity {
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
}

export const noMember: MemberIdentity = { generation: -1, memberId: '', instanceId: null };

export const earliest = -2n;
export const latest = -1n;

/** Offsets of partitions, and the positions of groups in them. */
export class Offsets {
  readonly #cluster: Cluster;
  readonly #isolation: 0 | 1;

  constructor(cluster: Cluster, isCommitted: boolean) {
    this.#cluster = cluster;
    this.#isolation = isCommitted ? 1 : 0;
  }

  /**
   * The offsets at these times (milliseconds, or {@link earliest}, {@link latest}); -1 where no message is that young.
   * For readers of committed messages the latest is where the first open transaction begins.
   */
  async at(topic: string, times: ReadonlyMap<number, bigint>): Promise<ReadonlyMap<number, number>> {
    const what = `look up offsets of '${topic}'`;
    return this.#cluster.ask(
      what,
      async () => {
        const leaders = await this.#byLeader(topic, times.keys());
        const answers = await Promise.all([...leaders].map(([leader, partitions]) => this.#list(leader, topic, partitions, times)));
        return new Map(answers.flat());
      },
      () => void this.#cluster.refresh(topic),
    );
  }

  /** The positions of a group, by partition; partitions without one are absent. */
  async committed(group: string, topic: string, partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.#cluster.ask(
      `look up positions of group '${group}' in '${topic}'`,
      async () => {
        const link = await this.#cluster.coordinatorLink('control', 'group', group);
        const groups = [{ groupId: group, memberEpoch: -1, topics: [{ name: topic, partitionIndexes: [...partitions] }] }];
        // Stable: not while a transaction that moves the positions is being committed.
        const answer = await link.call(this.#cluster.requests.offsetFetch, groups, true);
        const found = answer.groups[0]?.topics[0]?.partitions ?? [];
        return new Map(
          found.flatMap(({ partitionIndex, committedOffset }): [number, number][] =>
            committedOffset < 0n ? [] : [[partitionIndex, Number(committedOffset)]],
          ),
        );
      },
      () => this.#cluster.forgetCoordinator('group', group),
    );
  }

  /** Sets positions, once; resolves with the protocol's error number of each partition. */
  async commit(
    group: string,
    member: MemberIdentity,
    topic: string,
    positions: ReadonlyMap<number, number>,
    purpose = 'control',
  ): Promise<ReadonlyMap<number, number>> {
    const link = await this.#cluster.coordinatorLink(purpose, 'group', group);
    const partitions = [...positions].map(([partitionIndex, offset]) => ({
      partitionIndex,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: '',
    }));
    const { generation, memberId, instanceId } = member;
    const asking = link.call(this.#cluster.requests.offsetCommit, group, generation, memberId, instanceId, [
      { name: topic, partitions },
    ]);
    const { topics } = await partly(asking);
    return new Map(topics.flatMap((each) => each.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode])));
  }

  async #byLeader(topic: string, partitions: Iterable<number>): Promise<Map<number, number[]>> {
    const view = await this.#cluster.topic(topic);
    const leaders = new Map<number, number[]>();
    for (const partition of partitions) {
      const leader = view?.partitions[partition]?.leader;
      if (leader === undefined) throw new this.#cluster.library.ProtocolError('UNKNOWN_TOPIC_OR_PARTITION');
      leaders.set(leader, [...(leaders.get(leader) ?? []), partition]);
    }
    return leaders;
  }

  async #list(
    leader: number,
    topic: string,
    partitions: readonly number[],
    times: ReadonlyMap<number, bigint>,
  ): Promise<[number, number][]> {
    const link = await this.#cluster.nodeLink('control', leader);
    const wanted = partitions.map((partitionIndex) => ({
      partitionIndex,
      currentLeaderEpoch: -1,
      timestamp: times.get(partitionIndex)!,
    }));
    const answer = await link.call(this.#cluster.requests.listOffsets, -1, this.#isolation, [{ name: topic, partitions: wanted }]);
    // Partitions come back in any order.
    return answer.topics[0]!.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]);
  }
}
