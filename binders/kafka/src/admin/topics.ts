import type { DestinationSpec } from '@millrace/messaging/binder';
import { partError, partly } from '../client/answers.ts';
import type { Cluster } from '../client/cluster.ts';
import { apiIdOf } from '../client/faults.ts';
import { Patience } from '../client/patience.ts';
import type { TopicView } from '../client/topics.ts';
import { raise } from '../errors.ts';
import { maxPartitions } from '../capabilities.ts';
import type { TopicSettings } from '../settings.ts';

const topicResource = 2;

/** Creates, looks at and removes topics. */
export class Topics {
  readonly #cluster: Cluster;
  readonly #settings: TopicSettings;

  constructor(cluster: Cluster, settings: TopicSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
  }

  /** The topic, created where it is missing; an existing one keeps its settings, but gets partitions where that is allowed. */
  async bound(name: string, partitions = 1, spec: DestinationSpec = {}): Promise<TopicView> {
    checkName(name);
    const found = await this.#cluster.refresh(name);
    if (found === undefined) {
      if (!this.#settings.autoCreateTopics) throw raise('DESTINATION_MISSING', { destination: name });
      return this.create(name, { ...spec, partitions });
    }
    if (found.partitions.length >= partitions || !this.#settings.autoAddPartitions) return found;
    await this.#addPartitions(name, partitions);
    return this.#ready(name, partitions);
  }

  /** Creates a topic, unless somebody else does at the same time. */
  async create(name: string, spec: DestinationSpec): Promise<TopicView> {
    checkName(name);
    const { minPartitions, replicationFactor, topicConfig } = this.#settings;
    const numPartitions = Math.max(spec.partitions ?? 1, minPartitions);
    if (!Number.isInteger(numPartitions) || numPartitions < 1 || numPartitions > maxPartitions)
      throw raise('PARTITIONS_INVALID', { destination: name, partitions: spec.partitions, limit: maxPartitions });
    const configs = Object.entries({ ...topicConfig, ...configOf(spec) }).map(([key, value]) => ({ name: key, value }));
    const topic = { name, numPartitions, replicationFactor, assignments: [], configs };
    await this.#cluster.ask(`create topic '${name}'`, async () => {
      const link = await this.#controller();
      const { topics } = await partly(link.call(this.#cluster.requests.createTopics, [topic], 10_000, false));
      this.#throwUnless(topics[0]!.errorCode, 'TOPIC_ALREADY_EXISTS');
    });
    return this.#ready(name, 1);
  }

  /** Removes a topic. `NOT_FOUND` if there is none. */
  async delete(name: string): Promise<void> {
    if ((await this.#cluster.refresh(name)) === undefined) throw raise('DESTINATION_UNKNOWN', { destination: name });
    await this.#cluster.ask(`delete topic '${name}'`, async () => {
      const link = await this.#controller();
      const { responses } = await partly(link.call(this.#cluster.requests.deleteTopics, [{ name }], 10_000));
      // Of two attempts the second finds that the first one did it.
      this.#throwUnless(responses[0]!.errorCode, 'UNKNOWN_TOPIC_OR_PARTITION');
    });
    await this.#until(name, (view) => view === undefined);
  }

  /** The settings of topics that matter here. */
  async specs(names: readonly string[]): Promise<ReadonlyMap<string, DestinationSpec>> {
    if (names.length === 0) return new Map();
    const configurationKeys = ['retention.ms', 'retention.bytes', 'cleanup.policy'];
    const resources = names.map((resourceName) => ({ resourceType: topicResource as never, resourceName, configurationKeys }));
    return this.#cluster.ask(`look up the settings of ${names.length} topics`, async () => {
      const link = await this.#cluster.anyLink();
      const { results } = await partly(link.call(this.#cluster.requests.describeConfigs, resources, false, false));
      return new Map(results.map(({ resourceName, configs }) => [resourceName, specOf(configs)]));
    });
  }

  async #addPartitions(name: string, count: number): Promise<void> {
    await this.#cluster.ask(`add partitions to topic '${name}'`, async () => {
      const link = await this.#controller();
      const { results } = await partly(link.call(this.#cluster.requests.createPartitions, [{ name, count }], 10_000, false));
      // Somebody else may have added them since.
      this.#throwUnless(results[0]!.errorCode, 'INVALID_PARTITIONS');
    });
  }

  #throwUnless(errorCode: number, harmless: string): void {
    const error = partError(this.#cluster.library, errorCode);
    if (error !== undefined && apiIdOf(error) !== harmless) throw error;
  }

  /** Any broker passes requests on to the controller. */
  #controller() {
    return this.#cluster.anyLink();
  }

  /** A topic is made before every broker knows of it. */
  #ready(name: string, partitions: number): Promise<TopicView> {
    const isReady = (view: TopicView | undefined): boolean =>
      view !== undefined && view.partitions.length >= partitions && view.partitions.every(({ leader }) => leader >= 0);
    return this.#until(name, isReady) as Promise<TopicView>;
  }

  async #until(name: string, holds: (view: TopicView | undefined) => boolean): Promise<TopicView | undefined> {
    const patience = new Patience(this.#cluster.settings.patienceMs, this.#cluster.closing);
    for (;;) {
      const view = await this.#cluster.refresh(name);
      if (holds(view)) return view;
      if (!patience.lasts) {
        const problem = 'the brokers do not agree on it yet';
        throw raise('UNAVAILABLE', { what: `prepare topic '${name}'`, waitedMs: patience.waitedMs, problem });
      }
      await patience.pause();
    }
  }
}

/** Throws `INVALID_ARGUMENT` for what Kafka would refuse. */
export function checkName(name: string): void {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') throw raise('NAME_INVALID', { destination: name });
}

/** The topic's settings that a spec asks for, under Kafka's names. */
function configOf({ retentionMs, retentionBytes, compact, partitions }: DestinationSpec): Record<string, string> {
  const config: Record<string, string> = {};
  if (retentionMs !== undefined) config['retention.ms'] = String(retentionMs);
  // Kafka counts the bytes of each partition.
  if (retentionBytes !== undefined) config['retention.bytes'] = String(Math.ceil(retentionBytes / (partitions ?? 1)));
  if (compact === true)
    config['cleanup.policy'] = retentionMs === undefined && retentionBytes === undefined ? 'compact' : 'compact,delete';
  return config;
}

interface Config {
  readonly name: string;
  readonly value?: string | null | undefined;
}

/** The inverse, for one partition; what is unlimited is absent. */
function specOf(configs: readonly Config[]): DestinationSpec {
  const values = new Map(configs.map(({ name, value }) => [name, value ?? '']));
  const policies = (values.get('cleanup.policy') ?? '').split(',');
  const limit = (name: string): number | undefined => {
    const value = Number(values.get(name) ?? -1);
    // Kafka writes -1 for no limit.
    return value < 0 || !policies.includes('delete') ? undefined : value;
  };
  return { retentionMs: limit('retention.ms'), retentionBytes: limit('retention.bytes'), compact: policies.includes('compact') };
}
