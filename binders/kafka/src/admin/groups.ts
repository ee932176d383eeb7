import { partly } from '../client/answers.ts';
import type { Cluster } from '../client/cluster.ts';
import type { Offsets } from '../client/offsets.ts';

/** Consumer groups of the cluster. */
export class Groups {
  readonly #cluster: Cluster;
  readonly #offsets: Offsets;

  constructor(cluster: Cluster, offsets: Offsets) {
    this.#cluster = cluster;
    this.#offsets = offsets;
  }

  /** The groups that read a topic: with a member that subscribes to it, or with a position in it. */
  async of(topic: string, partitions: readonly number[]): Promise<readonly string[]> {
    const all = await this.#cluster.ask('list groups', () => this.#list());
    const reading = await Promise.all(all.map((group) => this.#reads(group, topic, partitions)));
    return all.filter((_, index) => reading[index]).toSorted();
  }

  /** Puts all members out; they join again when they hear of it. */
  async disband(group: string): Promise<void> {
    const members = (await this.#describe(group)).map(({ memberId }) => ({
      memberId,
      groupInstanceId: null,
      reason: 'the group is moved',
    }));
    if (members.length === 0) return;
    const link = await this.#cluster.coordinatorLink('control', 'group', group);
    // One that left by itself meanwhile is as good as put out.
    await partly(link.call(this.#cluster.requests.leaveGroup, group, members));
  }

  async #list(): Promise<readonly string[]> {
    const answers = await Promise.all(
      this.#cluster.brokerIds.map(async (node) => {
        const link = await this.#cluster.nodeLink('control', node);
        return link.call(this.#cluster.requests.listGroups, [], []);
      }),
    );
    const consumers = answers
      .flatMap(({ groups }) => groups)
      .filter(({ protocolType }) => protocolType === 'consumer' || protocolType === '');
    return [...new Set(consumers.map(({ groupId }) => groupId))];
  }

  async #reads(group: string, topic: string, partitions: readonly number[]): Promise<boolean> {
    if ((await this.#offsets.committed(group, topic, partitions)).size > 0) return true;
    const members = await this.#describe(group);
    return members.some(({ memberMetadata }) => this.#subscribes(memberMetadata, topic));
  }

  async #describe(group: string) {
    return this.#cluster.ask(
      `describe group '${group}'`,
      async () => {
        const link = await this.#cluster.coordinatorLink('control', 'group', group);
        const { groups } = await partly(link.call(this.#cluster.requests.describeGroups, [group], false));
        return groups.flatMap(({ members }) => members);
      },
      () => this.#cluster.forgetCoordinator('group', group),
    );
  }

  #subscribes(metadata: Buffer, topic: string): boolean {
    if (metadata.length === 0) return false;
    return this.#cluster.library.decodeConsumerProtocolSubscription(metadata).topics.includes(topic);
  }
}
