import type { joinGroupV9 } from '@platformatic/kafka';
import { partError, partly } from '../client/answers.ts';
import type { Cluster } from '../client/cluster.ts';
import { apiIdOf } from '../client/faults.ts';
import type { Link } from '../client/link.ts';
import { decodeAssignment, decodeMember, encodeAssignment, encodeSubscription } from './group-protocol.ts';
import type { Strategy } from './group-protocol.ts';

/** Who joins. Times are milliseconds. */
export interface JoinAsk {
  readonly group: string;
  readonly topic: string;
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly strategy: Strategy;
  /** Empty for one that the group does not know yet. */
  readonly memberId: string;
  readonly generation: number;
  readonly owned: readonly number[];
}

/** What came of it: an assignment, or the protocol's name of why it has to be repeated. */
export interface JoinOutcome {
  readonly memberId: string;
  readonly generation: number;
  readonly assigned?: readonly number[];
  readonly refusal?: string;
}

const repeatable: ReadonlySet<string> = new Set([
  'MEMBER_ID_REQUIRED',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
]);

/** Joins groups: asks the coordinator, shares out the partitions where it is made leader, and learns its own. */
export class GroupJoin {
  readonly #cluster: Cluster;
  readonly #link: () => Promise<Link>;
  /** What was shared out last, by topic; a change of it is a reason to join again. */
  #counted: ReadonlyMap<string, number> | undefined;

  constructor(cluster: Cluster, link: () => Promise<Link>) {
    this.#cluster = cluster;
    this.#link = link;
  }

  /** Waits for the other members. */
  async once(ask: JoinAsk): Promise<JoinOutcome> {
    const { library, requests } = this.#cluster;
    const { group, topic, instanceId, sessionTimeoutMs, rebalanceTimeoutMs, strategy, memberId, generation, owned } = ask;
    const protocols = [{ name: strategy.name, metadata: encodeSubscription(library, topic, owned, generation) }];
    const link = await this.#link();
    const asking = link.call(
      requests.joinGroup,
      group,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId,
      instanceId,
      'consumer',
      protocols,
      null,
    );
    const joined = await partly(asking);
    const refusal = this.#refusal(joined.errorCode);
    // A new member is told its name first.
    if (refusal !== undefined)
      return { memberId: refusal === 'MEMBER_ID_REQUIRED' ? joined.memberId : memberId, generation, refusal };
    return this.#synchronise(ask, joined);
  }

  /** Whether topics have more partitions by now than were shared out; only the leader knows. */
  async hasGrown(): Promise<boolean> {
    const shared = this.#counted;
    if (shared === undefined) return false;
    const now = await this.#count(shared.keys());
    return [...now].some(([topic, count]) => count !== shared.get(topic));
  }

  async #synchronise({ group, topic, instanceId, strategy }: JoinAsk, joined: joinGroupV9.JoinGroupResponse): Promise<JoinOutcome> {
    const { library, requests } = this.#cluster;
    const { memberId, generationId: generation, protocolName } = joined;
    const isLeader = joined.leader === memberId;
    if (!isLeader) this.#counted = undefined;
    const assignments = isLeader && !joined.skipAssignment ? await this.#shareOut(joined, strategy) : [];
    const link = await this.#link();
    const asking = link.call(requests.syncGroup, group, generation, memberId, instanceId, 'consumer', protocolName, assignments);
    const answer = await partly(asking);
    const refusal = this.#refusal(answer.errorCode);
    if (refusal !== undefined) return { memberId, generation, refusal };
    return { memberId, generation, assigned: decodeAssignment(library, answer.assignment, topic) };
  }

  /** The partitions of all topics that members subscribe to. */
  async #shareOut(joined: joinGroupV9.JoinGroupResponse, strategy: Strategy): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members = joined.members.map((member) => decodeMember(this.#cluster.library, member));
    this.#counted = await this.#count(new Set(members.flatMap(({ topics }) => topics)));
    return encodeAssignment(this.#cluster.library, strategy.assign(members, this.#counted));
  }

  async #count(topics: Iterable<string>): Promise<ReadonlyMap<string, number>> {
    const counting = [...topics].map(
      async (topic) => [topic, (await this.#cluster.refresh(topic))?.partitions.length ?? 0] as const,
    );
    return new Map(await Promise.all(counting));
  }

  /** Throws what repeating does not mend. */
  #refusal(errorCode: number): string | undefined {
    const error = partError(this.#cluster.library, errorCode);
    if (error === undefined) return undefined;
    const id = apiIdOf(error)!;
    if (!repeatable.has(id)) throw error;
    return id;
  }
}
