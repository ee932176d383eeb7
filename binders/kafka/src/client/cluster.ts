import type { MillraceError } from '@millrace/core';
import type { BinderListener } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import { partly } from './answers.ts';
import { apiIdOf, isRefusal, isStale, isTransient, problemOf } from './faults.ts';
import type { Library } from './library.ts';
import type { BrokerAddress, LinkSettings } from './link.ts';
import { addressText, Link } from './link.ts';
import { Patience } from './patience.ts';
import type { TopicView } from './topics.ts';
import { topicView } from './topics.ts';
import { translate } from './translate.ts';
import type { Requests } from './versions.ts';
import { checkVersions, requestsOf } from './versions.ts';

export interface ClusterSettings extends LinkSettings {
  readonly brokers: readonly BrokerAddress[];
  /** How long an operation goes on trying, in milliseconds. */
  readonly patienceMs: number;
}

/** What a connection is for. Requests that wait at the broker (fetches, joins) have connections of their own. */
export type Purpose = string;

/** The brokers of a cluster, the connections to them and what is known of its topics. Finds leaders and coordinators anew as they move. */
export class Cluster {
  readonly library: Library;
  readonly requests: Requests;
  readonly settings: ClusterSettings;
  readonly #listener: BinderListener;
  readonly #closing = new AbortController();
  readonly #links = new Map<string, Promise<Link>>();
  readonly #brokers = new Map<number, BrokerAddress>();
  readonly #topics = new Map<string, TopicView>();
  /** When a broker last left a request without an answer. */
  readonly #silences = new Map<string, number>();
  readonly #coordinators = new Map<string, BrokerAddress>();
  #isUp = true;

  constructor(library: Library, settings: ClusterSettings, listener: BinderListener) {
    this.library = library;
    this.requests = requestsOf(library);
    this.settings = settings;
    this.#listener = listener;
  }

  /** Connects to the first of the configured brokers that answers. */
  async open(): Promise<void> {
    const link = await this.#firstLink(this.settings.brokers);
    await checkVersions(this.library, this.requests, link, link.address);
    await this.#describe(link, []);
  }

  /** Aborted, with the reason, when the binder is being closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get brokersText(): string {
    return this.settings.brokers.map(addressText).join(', ');
  }

  get brokerIds(): readonly number[] {
    return [...this.#brokers.keys()];
  }

  async close(): Promise<void> {
    this.#closing.abort(raise('BINDER_CLOSED', {}));
    const links = await Promise.allSettled(this.#links.values());
    this.#links.clear();
    await Promise.allSettled(links.flatMap((link) => (link.status === 'fulfilled' ? [link.value.close()] : [])));
  }

  /** The topic as last described, or as described now; `undefined` if there is none. */
  async topic(name: string): Promise<TopicView | undefined> {
    return this.#topics.get(name) ?? this.refresh(name);
  }

  /** The topic as last described. */
  known(name: string): TopicView | undefined {
    return this.#topics.get(name);
  }

  forget(name: string): void {
    this.#topics.delete(name);
  }

  /** Asks the cluster for a topic. */
  async refresh(name: string): Promise<TopicView | undefined> {
    await this.ask(`describe topic '${name}'`, async () => this.#describe(await this.anyLink(), [name]));
    return this.#topics.get(name);
  }

  /** All topics that are not Kafka's own. */
  async allTopics(): Promise<readonly TopicView[]> {
    const all = await this.ask('list topics', async () => this.#describe(await this.anyLink(), null));
    return all.filter((topic) => !topic.isInternal);
  }

  /** A connection to the leader of a partition. Rejects with `LEADER_NOT_AVAILABLE` while there is none. */
  async leaderLink(purpose: Purpose, topic: string, partition: number): Promise<Link> {
    const view = await this.topic(topic);
    const leader = view?.partitions[partition]?.leader;
    if (leader === undefined) throw new this.library.ProtocolError('UNKNOWN_TOPIC_OR_PARTITION');
    return this.nodeLink(purpose, leader);
  }

  nodeLink(purpose: Purpose, node: number): Promise<Link> {
    const address = this.#brokers.get(node);
    if (address === undefined) return Promise.reject(new this.library.ProtocolError('LEADER_NOT_AVAILABLE'));
    return this.link(purpose, address);
  }

  /** A connection to the coordinator of a group or a transactional id. */
  async coordinatorLink(purpose: Purpose, kind: 'group' | 'transaction', key: string, requestTimeoutMs?: number): Promise<Link> {
    const id = `${kind}:${key}`;
    let address = this.#coordinators.get(id);
    if (address === undefined) {
      const link = await this.anyLink();
      const { coordinators } = await link.call(this.requests.findCoordinator, kind === 'group' ? 0 : 1, [key]);
      address = { host: coordinators[0]!.host, port: coordinators[0]!.port };
      this.#coordinators.set(id, address);
    }
    try {
      return await this.link(purpose, address, requestTimeoutMs);
    } catch (error) {
      this.#coordinators.delete(id);
      throw error;
    }
  }

  forgetCoordinator(kind: 'group' | 'transaction', key: string): void {
    this.#coordinators.delete(`${kind}:${key}`);
  }

  /** A connection for short questions to whichever broker answers. */
  async anyLink(): Promise<Link> {
    for (const [key, opening] of this.#links) {
      if (!key.startsWith('control@')) continue;
      const link = await opening.catch(() => undefined);
      if (link !== undefined && this.#isUsable(link)) return link;
    }
    return this.#firstLink([...this.#brokers.values(), ...this.settings.brokers]);
  }

  /** A connection of this purpose to this broker, opened when there is none. */
  async link(purpose: Purpose, address: BrokerAddress, requestTimeoutMs = this.settings.requestTimeoutMs): Promise<Link> {
    this.closing.throwIfAborted();
    const key = `${purpose}@${addressText(address)}`;
    const known = this.#links.get(key);
    if (known !== undefined) {
      const link = await known;
      if (this.#isUsable(link)) return link;
      if (this.#links.get(key) === known) this.#links.delete(key);
      void link.close();
      return this.link(purpose, address, requestTimeoutMs);
    }
    const settings = { ...this.settings, requestTimeoutMs };
    const opening = Link.connect(this.library, address, settings, {
      lost: (link) => this.#lost(key, opening, link),
      silent: () => this.#silences.set(addressText(address), performance.now()),
    });
    this.#links.set(key, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#links.get(key) === opening) this.#links.delete(key);
      throw error;
    }
  }

  /** Closes the connections of one purpose. */
  async closeLinks(purpose: Purpose): Promise<void> {
    const keys = [...this.#links.keys()].filter((key) => key.startsWith(`${purpose}@`));
    const links = keys.map((key) => this.#links.get(key)!);
    for (const key of keys) this.#links.delete(key);
    await Promise.all(links.map((link) => link.then((each) => each.close()).catch(() => undefined)));
  }

  /**
   * Repeats `attempt` over transient failures while patience lasts. Before another attempt `renew` is called where the failure
   * says that what was known about the cluster is out of date.
   */
  async ask<T>(what: string, attempt: () => Promise<T>, renew?: () => void | Promise<void>, limitMs?: number): Promise<T> {
    const patience = new Patience(limitMs ?? this.settings.patienceMs, this.closing);
    for (;;) {
      this.closing.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        this.closing.throwIfAborted();
        if (!isTransient(error) || !patience.lasts) throw this.failure(error, what, patience.waitedMs);
        if (isStale(error)) await this.#renew(renew);
      }
      await patience.pause();
    }
  }

  failure(error: unknown, what: string, waitedMs = 0): MillraceError {
    return translate(error, { what, brokers: this.brokersText, waitedMs });
  }

  async #renew(renew: (() => void | Promise<void>) | undefined): Promise<void> {
    // A failure to look things up shows again in the next attempt.
    await Promise.resolve(renew?.()).catch(() => undefined);
  }

  async #describe(link: Link, names: string[] | null): Promise<readonly TopicView[]> {
    const answer = await partly(link.call(this.requests.metadata, names, false, false));
    this.#brokers.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port });
    const found: TopicView[] = [];
    for (const topic of answer.topics) {
      const id = topic.errorCode === 0 ? undefined : apiIdOf(new this.library.ProtocolError(topic.errorCode));
      // Without a leader for some partition the rest of the description still holds.
      if (id !== undefined && id !== 'LEADER_NOT_AVAILABLE') {
        this.#topics.delete(topic.name ?? '');
        if (id !== 'UNKNOWN_TOPIC_OR_PARTITION') throw new this.library.ProtocolError(topic.errorCode);
        continue;
      }
      const view = topicView(topic);
      this.#topics.set(view.name, view);
      found.push(view);
    }
    return found;
  }

  /** Tries the brokers in turn. */
  async #firstLink(addresses: readonly BrokerAddress[]): Promise<Link> {
    let last: unknown;
    for (const address of addresses) {
      try {
        return await this.link('control', address);
      } catch (error) {
        this.closing.throwIfAborted();
        if (isRefusal(error)) throw translate(error, { what: 'connect', brokers: addressText(address), waitedMs: 0 });
        last = error;
      }
    }
    throw last;
  }

  /** Where one connection to a broker went silent, others that were not used since may be half open, too. */
  #isUsable(link: Link): boolean {
    return link.isOpen && !link.isUnusedSince(this.#silences.get(addressText(link.address)) ?? 0);
  }

  #lost(key: string, opening: Promise<Link>, link: Link): void {
    if (this.#links.get(key) === opening) this.#links.delete(key);
    if (this.closing.aborted || link.isIdle) return;
    if (!this.#isUp) return;
    this.#isUp = false;
    const problem = 'the connection was lost';
    this.#listener.disconnected?.(raise('UNREACHABLE', { brokers: addressText(link.address), problem }));
    void this.#recover();
  }

  async #recover(): Promise<void> {
    const patience = new Patience(Infinity, this.closing);
    while (patience.lasts) {
      try {
        await this.#describe(await this.anyLink(), []);
        this.#isUp = true;
        this.#listener.reconnected?.();
        return;
      } catch {
        // What keeps the cluster away is told to whoever asks it for something.
        await patience.pause().catch(() => undefined);
      }
    }
  }

  /** The error for a cluster of which no broker answers. */
  unreachable(error: unknown): MillraceError {
    if (isRefusal(error)) return translate(error, { what: 'connect', brokers: this.brokersText, waitedMs: 0 });
    if (!isTransient(error)) return translate(error, { what: 'connect', brokers: this.brokersText, waitedMs: 0 });
    return raise('UNREACHABLE', { brokers: this.brokersText, problem: problemOf(error) }, error);
  }
}
