import type { Diagnosis } from '@millrace/messaging/binder';
import { partly } from '../client/answers.ts';
import type { Cluster } from '../client/cluster.ts';
import { codeOf } from '../client/translate.ts';
import type { TopicView } from '../client/topics.ts';

const brokerResource = 4;
const looked = ['default.replication.factor', 'min.insync.replicas', 'unclean.leader.election.enable'] as const;

type BrokerConfig = ReadonlyMap<string, string>;

/** Looks for what would lose data or keeps the cluster from working. */
export async function diagnose(cluster: Cluster, acks: -1 | 1): Promise<readonly Diagnosis[]> {
  const topics = await cluster.allTopics();
  const brokers = cluster.brokerIds.length;
  const reached: Diagnosis = {
    check: 'brokers',
    status: 'ok',
    detail: `${brokers} at ${cluster.brokersText}, ${topics.length} topics`,
  };
  return [reached, acknowledgement(acks), ...(await settings(cluster, brokers)), ...partitions(topics)];
}

function acknowledgement(acks: -1 | 1): Diagnosis {
  const check = 'acknowledgement of sends';
  if (acks === -1) return { check, status: 'ok', detail: 'by all replicas in sync' };
  return { check, status: 'warning', detail: 'by the leader alone: its failure loses messages', next: "set acks to 'all'" };
}

async function settings(cluster: Cluster, brokers: number): Promise<readonly Diagnosis[]> {
  try {
    const config = await brokerConfig(cluster);
    return [replication(brokers, config), inSync(config), election(config)];
  } catch (error) {
    if (codeOf(error) !== 'PERMISSION_DENIED') throw error;
    const next = 'grant DescribeConfigs on the cluster to see them';
    return [{ check: "the brokers' settings", status: 'warning', detail: 'not allowed to look at them', next }];
  }
}

async function brokerConfig(cluster: Cluster): Promise<BrokerConfig> {
  const resource = {
    resourceType: brokerResource as never,
    resourceName: String(cluster.brokerIds[0]),
    configurationKeys: [...looked],
  };
  return cluster.ask("look up the brokers' settings", async () => {
    const link = await cluster.nodeLink('control', cluster.brokerIds[0]!);
    const { results } = await partly(link.call(cluster.requests.describeConfigs, [resource], false, false));
    const [result] = results;
    if (result!.errorCode !== 0) throw new cluster.library.ProtocolError(result!.errorCode);
    return new Map(result!.configs.map(({ name, value }) => [name, value ?? '']));
  });
}

function replication(brokers: number, config: BrokerConfig): Diagnosis {
  const check = 'replication of new topics';
  const factor = Number(config.get('default.replication.factor') ?? 1);
  const detail = `${factor} on ${brokers} brokers`;
  if (factor >= 2) return { check, status: 'ok', detail };
  const next =
    brokers < 2
      ? 'run three brokers where messages must survive the loss of one'
      : 'set default.replication.factor=3 on the brokers, or replicationFactor here';
  return { check, status: 'warning', detail: `${detail}: what the loss of a machine takes with it is gone`, next };
}

function inSync(config: BrokerConfig): Diagnosis {
  const check = 'replicas that must have a message';
  const minimum = Number(config.get('min.insync.replicas') ?? 1);
  const detail = String(minimum);
  if (minimum >= 2 || Number(config.get('default.replication.factor') ?? 1) < 2) return { check, status: 'ok', detail };
  const next = 'set min.insync.replicas=2';
  return { check, status: 'warning', detail: `${detail}: a message may be acknowledged while only its leader has it`, next };
}

function election(config: BrokerConfig): Diagnosis {
  const check = 'election of leaders';
  if (config.get('unclean.leader.election.enable') !== 'true') return { check, status: 'ok', detail: 'among replicas in sync' };
  const next = 'set unclean.leader.election.enable=false';
  return { check, status: 'warning', detail: 'also of replicas that lag behind, which loses acknowledged messages', next };
}

function partitions(topics: readonly TopicView[]): readonly Diagnosis[] {
  const all = topics.flatMap(({ name, partitions: each }) => each.map((partition) => ({ name, ...partition })));
  const offline = all.filter(({ leader }) => leader < 0);
  const behind = all.filter(({ leader, inSync: synced, replicas }) => leader >= 0 && synced.length < replicas.length);
  const check = 'partitions';
  const found: Diagnosis[] = [];
  if (offline.length > 0)
    found.push({
      check,
      status: 'failed',
      detail: `${offline.length} have no leader: ${someOf(offline)}`,
      next: 'start their brokers',
    });
  if (behind.length > 0)
    found.push({
      check,
      status: 'warning',
      detail: `${behind.length} have replicas that are missing or lag behind: ${someOf(behind)}`,
      next: 'look after the brokers that are down or slow',
    });
  return found.length > 0 ? found : [{ check, status: 'ok', detail: `${all.length}, all with their replicas in sync` }];
}

function someOf(places: readonly { readonly name: string; readonly partition: number }[]): string {
  return places
    .slice(0, 5)
    .map(({ name, partition }) => `${name}/${partition}`)
    .join(', ');
}
