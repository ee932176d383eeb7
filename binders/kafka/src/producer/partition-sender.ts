import { MillraceError } from '@millrace/core';
import type { CompressionAlgorithmValue } from '@platformatic/kafka';
import type { Cluster } from '../client/cluster.ts';
import { apiIdOf, isConnectionFault, isStale, isTransient, problemOf } from '../client/faults.ts';
import { Patience } from '../client/patience.ts';
import { raise } from '../errors.ts';
import { writeBatch } from '../records/batch-writer.ts';
import type { WireRecord } from '../records/batch-writer.ts';
import type { ProducerIdentities, ProducerIdentity } from './identities.ts';
import { produce } from './produce-request.ts';
import type { Parcel } from './sending.ts';

/** How batches are sent. Sizes are bytes, times milliseconds. */
export interface SendSettings {
  readonly acks: -1 | 1;
  readonly compression: CompressionAlgorithmValue;
  readonly maxBatchBytes: number;
  /** When a batch that was not acknowledged is given up. */
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** Answers that say that the broker does not know, or no longer, what this producer sent before. */
const sequenceLost: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'PRODUCER_FENCED',
]);

/** Answers after which the batch may be stored all the same. */
const maybeStored: ReadonlySet<string> = new Set(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND']);

const sequenceSpan = 2 ** 31;

/**
 * Sends to one partition, one request at a time: the order is kept whatever fails, and a batch that is sent again is stored once.
 * What waits meanwhile goes together into the next request.
 */
export class PartitionSender {
  readonly #cluster: Cluster;
  readonly #identities: ProducerIdentities;
  readonly #settings: SendSettings;
  readonly #topic: string;
  readonly #partition: number;
  #waiting: Parcel[] = [];
  #isRunning = false;
  #identity: ProducerIdentity | undefined;
  #needsFresh = false;
  #sequence = 0;
  /** Becomes smaller when the topic takes less. */
  #maxBatchBytes: number;

  constructor(cluster: Cluster, identities: ProducerIdentities, settings: SendSettings, topic: string, partition: number) {
    this.#cluster = cluster;
    this.#identities = identities;
    this.#settings = settings;
    this.#topic = topic;
    this.#partition = partition;
    this.#maxBatchBytes = settings.maxBatchBytes;
  }

  add(parcels: readonly Parcel[]): void {
    this.#waiting.push(...parcels);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is sent in the same turn of the event loop goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#deliver(this.#take());
    this.#isRunning = false;
  }

  /** As many parcels as fit into one batch. */
  #take(): Parcel[] {
    let count = 1;
    let bytes = this.#waiting[0]!.bytes;
    while (count < this.#waiting.length) {
      bytes += this.#waiting[count]!.bytes;
      if (bytes > this.#maxBatchBytes) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #deliver(parcels: readonly Parcel[]): Promise<void> {
    const attempt = new Attempt(parcels);
    const patience = new Patience(this.#settings.deliveryTimeoutMs, this.#cluster.closing);
    while (!(await this.#try(attempt, patience)))
      // Closing ends the pause; the next attempt then fails for good.
      await patience.pause().catch(() => undefined);
  }

  /** One attempt; true when the parcels are settled or taken care of. */
  async #try(attempt: Attempt, patience: Patience): Promise<boolean> {
    try {
      attempt.wasAsked = false;
      const base = await this.#send(attempt);
      this.#advance(attempt.records.length);
      attempt.accepted(this.#partition, base);
      return true;
    } catch (error) {
      return this.#failed(attempt, patience, error);
    }
  }

  async #send(attempt: Attempt): Promise<number> {
    const { library } = this.#cluster;
    const { acks, compression, requestTimeoutMs } = this.#settings;
    const identity = await this.#ownIdentity();
    const link = await this.#cluster.leaderLink('produce', this.#topic, this.#partition);
    const batch = writeBatch(
      library,
      attempt.records,
      { ...identity, sequence: this.#sequence, transactional: false },
      compression,
    );
    attempt.wasAsked = true;
    return produce(library, link, {
      topic: this.#topic,
      partition: this.#partition,
      batch,
      acks,
      timeoutMs: requestTimeoutMs,
      transactionalId: null,
    });
  }

  async #ownIdentity(): Promise<ProducerIdentity> {
    if (this.#identity === undefined) {
      this.#identity = await (this.#needsFresh ? this.#identities.fresh() : this.#identities.shared());
      this.#sequence = 0;
    }
    return this.#identity;
  }

  #advance(count: number): void {
    this.#sequence = (this.#sequence + count) % sequenceSpan;
  }

  async #failed(attempt: Attempt, patience: Patience, error: unknown): Promise<boolean> {
    const id = apiIdOf(error);
    if (attempt.wasAsked && (isUnanswered(error) || (id !== undefined && maybeStored.has(id)))) attempt.isUncertain = true;
    if (id === 'DUPLICATE_SEQUENCE_NUMBER') {
      this.#advance(attempt.records.length);
      attempt.accepted(this.#partition, -1);
      return true;
    }
    if (id !== undefined && sequenceLost.has(id) && !attempt.isUncertain && patience.lasts) {
      this.#resetIdentity();
      return false;
    }
    if (id === 'MESSAGE_TOO_LARGE' && attempt.records.length > 1 && !attempt.isUncertain) {
      this.#maxBatchBytes = Math.floor(attempt.bytes / 2);
      this.#waiting.unshift(...attempt.parcels.flatMap((parcel) => parcel.within(this.#maxBatchBytes)));
      return true;
    }
    if (isTransient(error) && patience.lasts) {
      if (isStale(error)) await this.#cluster.refresh(this.#topic).catch(() => undefined);
      return false;
    }
    this.#giveUp(attempt, patience, error);
    return true;
  }

  #giveUp(attempt: Attempt, patience: Patience, error: unknown): void {
    const what = `store messages in '${this.#topic}' partition ${this.#partition}`;
    const { waitedMs } = patience;
    // What was sent may still arrive: another number for other messages would be taken for a repetition.
    if (attempt.isUncertain) {
      this.#resetIdentity();
      attempt.failed(raise('OUTCOME_UNKNOWN', { what, waitedMs, problem: problemOf(error) }, error));
    } else if (apiIdOf(error) === 'MESSAGE_TOO_LARGE') {
      attempt.failed(raise('TOPIC_TAKES_LESS', { destination: this.#topic, size: attempt.bytes }, error));
    } else attempt.failed(this.#cluster.failure(error, what, waitedMs));
  }

  #resetIdentity(): void {
    this.#identity = undefined;
    this.#needsFresh = true;
  }
}

/** Whether the request may have been carried out without our learning of it. */
function isUnanswered(error: unknown): boolean {
  return isConnectionFault(error) || (error instanceof MillraceError && error.reason === 'ANSWER_MALFORMED');
}

/** What goes into one batch, and what is known of it. */
class Attempt {
  readonly parcels: readonly Parcel[];
  readonly records: readonly WireRecord[];
  /** The request of the last try was sent. */
  wasAsked = false;
  /** Some try may have stored it. */
  isUncertain = false;

  constructor(parcels: readonly Parcel[]) {
    this.parcels = parcels;
    this.records = parcels.length === 1 ? parcels[0]!.records : parcels.flatMap(({ records }) => records);
  }

  get bytes(): number {
    return this.parcels.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  accepted(partition: number, base: number): void {
    let at = base;
    for (const parcel of this.parcels) {
      parcel.accepted(partition, at);
      if (base >= 0) at += parcel.records.length;
    }
  }

  failed(error: MillraceError): void {
    for (const parcel of this.parcels) parcel.failed(error);
  }
}
