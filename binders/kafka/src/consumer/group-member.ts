import { partly } from '../client/answers.ts';
import type { Cluster } from '../client/cluster.ts';
import { apiIdOf, isStale, isTransient } from '../client/faults.ts';
import type { Link } from '../client/link.ts';
import type { MemberIdentity } from '../client/offsets.ts';
import { pause, Patience } from '../client/patience.ts';
import { raise } from '../errors.ts';
import { GroupJoin } from './group-join.ts';
import type { Strategy } from './group-protocol.ts';

/** How a member takes part in its group. Times are milliseconds. */
export interface MemberSettings {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How often the number of partitions is looked at. */
  readonly metadataMaxAgeMs: number;
  /** Static membership: a member that comes back under this name within the session takes its partitions up again. */
  readonly instanceId: string | null;
  readonly strategy: Strategy;
}

/** What a member tells its consumer. The next thing is told when the last one is done. */
export interface MemberOwner {
  readonly id: string;
  readonly group: string;
  readonly topic: string;
  assigned(partitions: readonly number[]): Promise<void>;
  /** Resolves when the partitions may go to somebody else. */
  revoked(partitions: readonly number[]): Promise<void>;
  /** The partitions may be somebody else's already. */
  lost(partitions: readonly number[]): void;
  failed(error: unknown): void;
}

/** Answers after which a member has nothing any more. */
const expelled: ReadonlySet<string> = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION']);

/** One member of a consumer group, in Kafka's classic protocol. */
export class GroupMember {
  readonly #cluster: Cluster;
  readonly #settings: MemberSettings;
  readonly #owner: MemberOwner;
  readonly #join: GroupJoin;
  readonly #leaving = new AbortController();
  readonly #signal: AbortSignal;
  /** Resolves when the member takes part no more. */
  readonly #stopped: Promise<undefined>;
  readonly #owned = new Set<number>();
  #memberId = '';
  #generation = -1;
  #running: Promise<void> | undefined;
  #lastContact = performance.now();
  /** Resolves when the member has to join again. */
  #trouble = Promise.withResolvers<void>();
  /** Resolves when what was assigned is taken up. */
  #stable = Promise.withResolvers<void>();
  #isStable = false;
  /** While there is no valid generation. */
  #joining: PromiseWithResolvers<void> | undefined;

  constructor(cluster: Cluster, settings: MemberSettings, owner: MemberOwner) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#owner = owner;
    this.#join = new GroupJoin(cluster, () => this.#joinLink());
    this.#signal = AbortSignal.any([this.#leaving.signal, cluster.closing]);
    this.#stopped = new Promise((resolve) => this.#signal.addEventListener('abort', () => resolve(undefined), { once: true }));
    this.#stable.promise.catch(() => undefined);
  }

  get identity(): MemberIdentity {
    return { generation: this.#generation, memberId: this.#memberId, instanceId: this.#settings.instanceId };
  }

  /** Takes part from now on; resolves with the first assignment, which may be empty. */
  async join(): Promise<void> {
    this.#running = this.#live();
    await this.#stable.promise;
  }

  /** Resolves when no rebalance is under way, as far as this member knows. Rejects when it takes part no more. */
  stable(): Promise<void> {
    return this.#signal.aborted ? Promise.reject(this.#signal.reason) : this.#stable.promise;
  }

  /** The coordinator said that this generation is over. Resolves when there is another one, before it is taken up. */
  async movedOn(generation: number): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#joining === undefined) {
      if (generation !== this.#generation) return;
      this.#suspect();
    }
    await this.#joining?.promise;
  }

  /** Leaves the group, so that others take over at once; a static member only goes quiet. */
  async leave(): Promise<void> {
    this.#leaving.abort(raise('BINDER_CLOSED', {}));
    await this.#running;
    await this.#cluster.closeLinks(this.#joinPurpose);
    if (this.#memberId !== '' && this.#settings.instanceId === null && !this.#cluster.closing.aborted) await this.#sayFarewell();
    await this.#cluster.closeLinks(`group-${this.#owner.id}`);
  }

  async #sayFarewell(): Promise<void> {
    const { group } = this.#owner;
    const members = [{ memberId: this.#memberId, groupInstanceId: null, reason: null }];
    try {
      const link = await this.#groupLink();
      await partly(link.call(this.#cluster.requests.leaveGroup, group, members));
    } catch (error) {
      // Without a farewell the session runs out, and others take over then.
      if (!isTransient(error)) throw this.#cluster.failure(error, `leave group '${group}'`);
    }
  }

  async #live(): Promise<void> {
    try {
      while (!this.#signal.aborted) if (await this.#rebalance()) await this.#beatWhile(this.#trouble.promise);
    } catch (error) {
      if (!this.#signal.aborted) this.#die(error);
    }
    this.#unsettle();
    this.#stable.reject(this.#signal.reason);
    this.#joining?.reject(this.#signal.reason);
  }

  #die(error: unknown): void {
    const failure = this.#cluster.failure(error, `take part in group '${this.#owner.group}'`);
    this.#leaving.abort(failure);
    this.#giveUpAll();
    this.#owner.failed(failure);
  }

  /** Joins and takes up what was assigned; false when it has to be done again at once. */
  async #rebalance(): Promise<boolean> {
    this.#unsettle();
    if (this.#settings.strategy.isEager && this.#owned.size > 0) await this.#beatWhile(this.#takeOver([], [...this.#owned]));
    this.#trouble = Promise.withResolvers<void>();
    const assigned = await this.#joinUntilAssigned();
    // Until the next time it may go half open, and a join waits long for an answer.
    await this.#cluster.closeLinks(this.#joinPurpose);
    this.#joining?.resolve();
    this.#joining = undefined;
    const revoked = [...this.#owned].filter((partition) => !assigned.includes(partition));
    const added = assigned.filter((partition) => !this.#owned.has(partition));
    // The session must last while the consumer finishes what it gives up.
    await this.#beatWhile(this.#takeOver(added, revoked));
    if (revoked.length > 0) return false;
    this.#isStable = true;
    this.#stable.resolve();
    return true;
  }

  async #takeOver(added: readonly number[], revoked: readonly number[]): Promise<void> {
    if (added.length > 0) await this.#owner.assigned(added);
    for (const partition of added) this.#owned.add(partition);
    if (revoked.length === 0) return;
    await this.#owner.revoked(revoked);
    for (const partition of revoked) this.#owned.delete(partition);
  }

  async #joinUntilAssigned(): Promise<readonly number[]> {
    const patience = new Patience(Infinity, this.#signal);
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        const assigned = await this.#joinOnce();
        if (assigned !== undefined) return assigned;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!this.#survives(error)) throw error;
        await patience.pause();
      }
      this.#checkSession();
    }
  }

  /** `undefined` when it has to be repeated. */
  async #joinOnce(): Promise<readonly number[] | undefined> {
    const { group, topic } = this.#owner;
    const { memberId, generation } = this.identity;
    const joining = this.#join.once({ ...this.#settings, group, topic, memberId, generation, owned: [...this.#owned] });
    // The coordinator answers when all other members have joined: who leaves does not wait for them.
    const outcome = await Promise.race([joining, this.#stopped]);
    if (outcome === undefined) throw this.#signal.reason;
    this.#lastContact = performance.now();
    // In a generation that went by without us, others may have been given what we had.
    if (generation >= 0 && outcome.generation > generation + 1) this.#giveUpAll();
    this.#memberId = outcome.memberId;
    this.#generation = outcome.generation;
    if (outcome.refusal !== undefined && expelled.has(outcome.refusal)) this.#expel(outcome.refusal);
    return outcome.assigned;
  }

  /** Nothing is ours any more. */
  #expel(reason: string): void {
    if (reason === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
    this.#generation = -1;
    this.#giveUpAll();
  }

  #giveUpAll(): void {
    const lost = [...this.#owned];
    this.#owned.clear();
    if (lost.length > 0) this.#owner.lost(lost);
  }

  #suspect(): void {
    if (this.#signal.aborted) return;
    this.#unsettle();
    this.#trouble.resolve();
  }

  #unsettle(): void {
    if (this.#joining === undefined) {
      this.#joining = Promise.withResolvers();
      this.#joining.promise.catch(() => undefined);
    }
    if (!this.#isStable) return;
    this.#isStable = false;
    this.#stable = Promise.withResolvers<void>();
    this.#stable.promise.catch(() => undefined);
  }

  /** Gives signs of life until the work is done or the member leaves. */
  async #beatWhile(work: Promise<void>): Promise<void> {
    const done = new AbortController();
    const beating = this.#beat(AbortSignal.any([done.signal, this.#signal]));
    try {
      await Promise.race([work, this.#stopped]);
    } finally {
      done.abort();
      await beating;
    }
  }

  async #beat(signal: AbortSignal): Promise<void> {
    let counted = performance.now();
    for (;;) {
      try {
        await pause(this.#settings.heartbeatMs, signal);
        await this.#beatOnce();
        if (performance.now() - counted > this.#settings.metadataMaxAgeMs) {
          counted = performance.now();
          if (await this.#join.hasGrown()) this.#suspect();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#survives(error)) return this.#die(error);
      }
      this.#checkSession();
    }
  }

  async #beatOnce(): Promise<void> {
    const link = await this.#groupLink();
    const { generation, memberId, instanceId } = this.identity;
    const asking = link.call(this.#cluster.requests.heartbeat, this.#owner.group, generation, memberId, instanceId);
    const { errorCode } = await partly(asking);
    this.#lastContact = performance.now();
    if (errorCode === 0) return;
    const error = new this.#cluster.library.ProtocolError(errorCode);
    const id = apiIdOf(error)!;
    if (id !== 'REBALANCE_IN_PROGRESS' && !expelled.has(id)) throw error;
    if (expelled.has(id)) this.#expel(id);
    this.#suspect();
  }

  /** Whether to go on after a failure. */
  #survives(error: unknown): boolean {
    if (isStale(error)) this.#cluster.forgetCoordinator('group', this.#owner.group);
    return isTransient(error);
  }

  /** Without contact for a whole session others may have the partitions. */
  #checkSession(): void {
    if (this.#owned.size === 0 || performance.now() - this.#lastContact <= this.#settings.sessionTimeoutMs) return;
    this.#expel('session over');
    // The coordinator may think that nothing has happened.
    this.#suspect();
  }

  get #joinPurpose(): string {
    return `join-${this.#owner.id}`;
  }

  async #joinLink(): Promise<Link> {
    // A join waits for the other members; nothing else may wait behind it.
    const timeoutMs = this.#settings.rebalanceTimeoutMs + 10_000;
    this.#signal.throwIfAborted();
    const link = await this.#cluster.coordinatorLink(this.#joinPurpose, 'group', this.#owner.group, timeoutMs);
    // Who left while this was being opened has closed its connections already, and must not join again.
    if (this.#signal.aborted) await this.#cluster.closeLinks(this.#joinPurpose);
    this.#signal.throwIfAborted();
    return link;
  }

  #groupLink(): Promise<Link> {
    return this.#cluster.coordinatorLink(`group-${this.#owner.id}`, 'group', this.#owner.group);
  }
}
