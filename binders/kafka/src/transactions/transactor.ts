import type { MillraceError } from '@millrace/core';
import { partError, partly } from '../client/answers.ts';
import type { Cluster } from '../client/cluster.ts';
import { apiIdOf, isConnectionFault, isStale, isTransient, problemOf } from '../client/faults.ts';
import type { MemberIdentity } from '../client/offsets.ts';
import { Patience } from '../client/patience.ts';
import { movedOn } from '../consumer/commits.ts';
import { raise } from '../errors.ts';
import type { ProducerIdentity } from '../producer/identities.ts';
import type { SendSettings } from '../producer/partition-sender.ts';
import { produce } from '../producer/produce-request.ts';
import { writeBatch } from '../records/batch-writer.ts';
import type { WireRecord } from '../records/batch-writer.ts';

/** Records for one partition. */
export interface ProducedPart {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly WireRecord[];
}

/** Positions of a group in one topic, and the member that has the partitions. */
export interface ConsumedPart {
  readonly group: string;
  readonly topic: string;
  readonly member: MemberIdentity;
  readonly positions: ReadonlyMap<number, number>;
}

/** The broker ended the transaction, or somebody took over its name. */
const takenOver: ReadonlySet<string> = new Set([
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'TRANSACTION_ABORTABLE',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
]);

/** Thrown where a group has moved on: nothing was committed. */
export class GroupMovedOn extends Error {
  readonly part: ConsumedPart;

  constructor(part: ConsumedPart, cause: unknown) {
    super(`group '${part.group}' has moved on`, { cause });
    this.part = part;
  }
}

/**
 * Commits transactions under one name, one at a time. A failure gives the transaction up and takes a new epoch for the next one:
 * what the last one left behind can then neither be committed nor disturb.
 */
export class Transactor {
  readonly #cluster: Cluster;
  readonly #settings: SendSettings;
  readonly #id: string;
  readonly #timeoutMs: number;
  readonly #sequences = new Map<string, number>();
  #identity: ProducerIdentity | undefined;

  constructor(cluster: Cluster, settings: SendSettings, id: string, timeoutMs: number) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#id = id;
    this.#timeoutMs = timeoutMs;
  }

  async commit(consumed: readonly ConsumedPart[], produced: readonly ProducedPart[]): Promise<void> {
    await this.begin();
    try {
      if (produced.length > 0) await this.#addPartitions(produced);
      for (const { group } of consumed) await this.#addGroup(group);
      await settleAll([...produced.map((part) => this.#produce(part)), ...consumed.map((part) => this.#commitPositions(part))]);
    } catch (error) {
      await this.#giveUp();
      throw this.#failure(error);
    }
    await this.#finish();
  }

  /** Ends what a process of this name left open, and gets an epoch that shuts it out. */
  async begin(): Promise<void> {
    if (this.#identity !== undefined) return;
    this.#sequences.clear();
    const { initProducerId } = this.#cluster.requests;
    const answer = await this.#ask('begin a transaction', async () =>
      (await this.#link()).call(initProducerId, this.#id, this.#timeoutMs, -1n, -1),
    );
    this.#identity = { producerId: answer.producerId, epoch: answer.producerEpoch };
  }

  async #addPartitions(produced: readonly ProducedPart[]): Promise<void> {
    const byTopic = Map.groupBy(produced, ({ topic }) => topic);
    const topics = [...byTopic].map(([name, parts]) => ({ name, partitions: parts.map(({ partition }) => partition) }));
    const { producerId, epoch } = this.#identity!;
    const transaction = { transactionalId: this.#id, producerId, producerEpoch: epoch, verifyOnly: false, topics };
    await this.#ask('add partitions to a transaction', async () => {
      const { resultsByTransaction } = await partly(
        (await this.#link()).call(this.#cluster.requests.addPartitionsToTxn, [transaction]),
      );
      const results = resultsByTransaction.flatMap(({ topicResults }) =>
        topicResults.flatMap(({ resultsByPartition }) => resultsByPartition),
      );
      for (const { partitionErrorCode } of results) this.#check(partitionErrorCode);
    });
  }

  async #addGroup(group: string): Promise<void> {
    const { producerId, epoch } = this.#identity!;
    await this.#ask('add a group to a transaction', async () =>
      (await this.#link()).call(this.#cluster.requests.addOffsetsToTxn, this.#id, producerId, epoch, group),
    );
  }

  async #produce({ topic, partition, records }: ProducedPart): Promise<void> {
    const { library } = this.#cluster;
    const { compression, requestTimeoutMs } = this.#settings;
    const key = `${topic}/${partition}`;
    const sequence = this.#sequences.get(key) ?? 0;
    const batch = writeBatch(library, records, { ...this.#identity!, sequence, transactional: true }, compression);
    const ask = { topic, partition, batch, acks: -1 as const, timeoutMs: requestTimeoutMs, transactionalId: this.#id };
    await this.#cluster.ask(
      `store messages in '${topic}' partition ${partition}`,
      async () => {
        const link = await this.#cluster.leaderLink('produce', topic, partition);
        await produce(library, link, ask).catch((error: unknown) => {
          // An earlier attempt stored it.
          if (apiIdOf(error) !== 'DUPLICATE_SEQUENCE_NUMBER') throw error;
        });
      },
      () => this.#cluster.refresh(topic).then(() => undefined),
    );
    this.#sequences.set(key, sequence + records.length);
  }

  async #commitPositions(part: ConsumedPart): Promise<void> {
    const { group, topic, member, positions } = part;
    const { producerId, epoch } = this.#identity!;
    const partitions = [...positions].map(([partitionIndex, offset]) => ({
      partitionIndex,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: '',
    }));
    const { generation, memberId, instanceId } = member;
    await this.#cluster
      .ask(
        `commit positions of group '${group}'`,
        async () => {
          const link = await this.#cluster.coordinatorLink('control', 'group', group);
          const topics = [{ name: topic, partitions }];
          const { txnOffsetCommit } = this.#cluster.requests;
          const asking = link.call(txnOffsetCommit, this.#id, group, producerId, epoch, generation, memberId, instanceId, topics);
          const answer = await partly(asking);
          for (const { errorCode } of answer.topics.flatMap((each) => each.partitions)) this.#check(errorCode);
        },
        () => this.#cluster.forgetCoordinator('group', group),
      )
      .catch((error: unknown) => {
        throw movedOn.has(apiIdOf(error) ?? '') ? new GroupMovedOn(part, error) : error;
      });
  }

  /** Asks for the commit until the broker says that it is decided. */
  async #finish(): Promise<void> {
    const patience = new Patience(this.#cluster.settings.patienceMs, this.#cluster.closing);
    let isUncertain = false;
    for (;;) {
      try {
        return await this.#end(true);
      } catch (error) {
        isUncertain ||= isConnectionFault(error);
        if (isStale(error)) this.#forgetCoordinator();
        if (isTransient(error) && patience.lasts) {
          await patience.pause().catch(() => undefined);
          continue;
        }
        this.#identity = undefined;
        const what = 'commit a transaction';
        if (isUncertain) throw raise('OUTCOME_UNKNOWN', { what, waitedMs: patience.waitedMs, problem: problemOf(error) }, error);
        throw this.#failure(error);
      }
    }
  }

  /** Should this fail, the next transaction of this name or the broker's clock ends it. */
  async #giveUp(): Promise<void> {
    await this.#ask('abort a transaction', () => this.#end(false), 2000).catch(() => undefined);
    this.#identity = undefined;
  }

  async #end(isCommit: boolean): Promise<void> {
    const { producerId, epoch } = this.#identity!;
    const link = await this.#link();
    await link.call(this.#cluster.requests.endTxn, this.#id, producerId, epoch, isCommit);
  }

  #failure(error: unknown): Error {
    if (error instanceof GroupMovedOn) return error;
    if (takenOver.has(apiIdOf(error) ?? '')) return raise('TRANSACTION_ENDED', { id: this.#id, problem: problemOf(error) }, error);
    return this.#cluster.failure(error, 'commit a transaction') satisfies MillraceError;
  }

  #check(errorCode: number): void {
    const error = partError(this.#cluster.library, errorCode);
    if (error !== undefined) throw error;
  }

  #ask<T>(what: string, attempt: () => Promise<T>, limitMs?: number): Promise<T> {
    return this.#cluster.ask(what, attempt, () => this.#forgetCoordinator(), limitMs);
  }

  #link() {
    return this.#cluster.coordinatorLink('control', 'transaction', this.#id);
  }

  #forgetCoordinator(): void {
    this.#cluster.forgetCoordinator('transaction', this.#id);
  }
}

/** Waits for all, also when one fails: nothing of a transaction may be on its way when it is given up. */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
