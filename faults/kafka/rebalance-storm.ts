import { DeliveryLedger } from '@millrace/binder-conformance';
import { kafkaBinder } from '@millrace/binder-kafka';
import type { Binder, ConsumerBinding, Delivery } from '@millrace/messaging/binder';
import { eventually, sleep } from '../harness.ts';

const partitions = 12;

interface Member {
  readonly binder: Binder;
  readonly consumer: ConsumerBinding;
  readonly working: Promise<void>;
}

/** Members of one group that come and go while messages are published; who owns each partition, and its order, are watched. */
export class RebalanceStorm {
  readonly ledger = new DeliveryLedger();
  /** Partitions with two owners, and gaps in their order. */
  readonly violations: string[] = [];
  readonly #brokers: readonly string[];
  readonly #topic: string;
  readonly #members = new Map<number, Member>();
  readonly #owners = new Map<number, number>();
  readonly #positions = new Map<number, number>();
  readonly #stopping = new AbortController();
  #publishing: Promise<void> = Promise.resolve();
  #joined = 0;
  #left = 0;

  constructor(brokers: readonly string[], topic: string) {
    this.#brokers = brokers;
    this.#topic = topic;
  }

  /** How many members take part now. */
  get size(): number {
    return this.#members.size;
  }

  get changes(): number {
    return this.#joined + this.#left;
  }

  /** Starts the publisher and the first member. */
  async begin(): Promise<void> {
    await this.join();
    this.#publishing = this.#publish();
  }

  async join(): Promise<void> {
    const id = this.#joined++;
    const binder = this.#binder();
    await binder.open();
    const listener = {
      assigned: (given: readonly number[]) => this.#assigned(id, given),
      revoked: async (taken: readonly number[]) => this.#revoked(id, taken),
      lost: (taken: readonly number[]) => this.#revoked(id, taken),
    };
    const consumer = await binder.bindConsumer(this.#topic, 'g', { partitions, listener });
    this.#members.set(id, { binder, consumer, working: this.#work(consumer) });
  }

  /** One of the members goes. */
  async leave(): Promise<void> {
    const ids = [...this.#members.keys()];
    const id = ids[Math.floor(Math.random() * ids.length)]!;
    const { binder, consumer, working } = this.#members.get(id)!;
    this.#left++;
    this.#members.delete(id);
    // From here on what it has may be somebody else's.
    this.#revoked(id, [...this.#owners.keys()]);
    await consumer.close();
    await working;
    await binder.close();
  }

  /** Ends it when all that was published has been received. */
  async finish(): Promise<void> {
    this.#stopping.abort();
    await this.#publishing;
    await eventually('all is received', () => this.ledger.missing().length === 0, 60_000);
    while (this.size > 0) await this.leave();
  }

  #binder(): Binder {
    return kafkaBinder({ brokers: this.#brokers, heartbeatMs: 200, sessionTimeoutMs: 6000, revokeMs: 3000 });
  }

  async #publish(): Promise<void> {
    const binder = this.#binder();
    await binder.open();
    const producer = await binder.bindProducer(this.#topic, { partitions });
    for (let index = 0; !this.#stopping.signal.aborted; index++) {
      const ids = Array.from({ length: partitions }, (_, partition) => `${partition}-${index}`);
      for (const id of ids) this.ledger.attempted(id);
      const outcomes = await producer.send(ids.map((id, partition) => ({ payload: Buffer.from(id), headers: {}, partition })));
      for (const [place, { error }] of outcomes.entries()) if (error === undefined) this.ledger.acknowledged(ids[place]!);
      await sleep(5);
    }
    await binder.close();
  }

  async #work(consumer: ConsumerBinding): Promise<void> {
    for (;;) {
      const deliveries = await consumer.receive(50);
      if (deliveries.length === 0) return;
      for (const delivery of deliveries) this.#take(delivery);
      await consumer.ack(deliveries);
    }
  }

  #take({ payload, partition, offset }: Delivery): void {
    this.ledger.received(Buffer.from(payload!).toString());
    const before = this.#positions.get(partition) ?? -1;
    // To go back is to deliver again; to go ahead by more than one leaves something out.
    if (offset > before + 1) this.violations.push(`partition ${partition} went from ${before} to ${offset}`);
    this.#positions.set(partition, offset);
  }

  #assigned(id: number, given: readonly number[]): void {
    for (const partition of given) {
      const owner = this.#owners.get(partition);
      if (owner !== undefined && owner !== id)
        this.violations.push(`partition ${partition} was given to member ${id} while member ${owner} had it`);
      this.#owners.set(partition, id);
    }
  }

  #revoked(id: number, taken: readonly number[]): void {
    for (const partition of taken) if (this.#owners.get(partition) === id) this.#owners.delete(partition);
  }
}
