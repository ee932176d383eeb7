import { DeliveryLedger } from '@millrace/binder-conformance';
import { MillraceError } from '@millrace/core';
import { connect, eventStream } from 'millrace';
import type { ConnectOptions, Millrace, Subscription } from 'millrace';
import { eventually, sleep } from './harness.ts';

/** Publishers at work at once; so many sends are on their way when a fault strikes. */
const lanes = 20;
/** How long a send may take until it counts as one that never settles: more than any deadline of a binder. */
const settleMs = 60_000;

/**
 * Steady load on one destination: publishers that go on whatever happens, one group that receives, and the books of both. A send that
 * fails is booked by what its error says, and the next message is tried.
 */
export class Traffic implements AsyncDisposable {
  readonly ledger = new DeliveryLedger();
  readonly #publisher: Millrace;
  readonly #consumer: Millrace;
  readonly #name: string;
  readonly #stopping = new AbortController();
  #failed = 0;
  #publishing: Promise<unknown> = Promise.resolve();
  #subscription: Subscription | undefined;

  private constructor(publisher: Millrace, consumer: Millrace, name: string) {
    this.#publisher = publisher;
    this.#consumer = consumer;
    this.#name = name;
  }

  /** Starts it on clients of its own and resolves when messages go through. */
  static async start(place: ConnectOptions, name: string): Promise<Traffic> {
    const options = { config: false as const, handleSignals: false, ...place };
    const traffic = new Traffic(await connect(options), await connect(options), name);
    await traffic.#begin();
    return traffic;
  }

  /** Sends that were refused, or whose outcome nobody knows. */
  get failed(): number {
    return this.#failed;
  }

  /** Waits until so many more messages are acknowledged and received; returns how long that took, in milliseconds. */
  async progress(count = 100, withinMs = 30_000): Promise<number> {
    const begin = performance.now();
    const [acks, received] = [this.ledger.summary().acks, this.ledger.receivedCount];
    await eventually(
      'messages being acknowledged and received',
      () => this.ledger.summary().acks >= acks + count && this.ledger.receivedCount >= received + count,
      withinMs,
    );
    return performance.now() - begin;
  }

  /** Ends the load, waits for what is under way and checks the books. Prints the totals as a row of the table in the README. */
  async finish(fault: string): Promise<void> {
    await this.progress(1000);
    this.#stopping.abort();
    await this.#publishing;
    await eventually('all that was acknowledged is received', () => this.ledger.missing().length === 0, 60_000).catch(() => {
      this.ledger.check();
    });
    // Longer than what would come twice takes to come.
    await sleep(500);
    await this.#subscription!.close();
    console.log(totals(fault, this.ledger));
    this.ledger.check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#publisher.close({ deadlineMs: 2000 }), this.#consumer.close({ deadlineMs: 2000 })]);
  }

  async #begin(): Promise<void> {
    const stream = eventStream<string>(this.#name, { contentType: 'text/plain', key: (id) => id.split('-')[0] });
    this.#subscription = await this.#consumer.subscribe(stream, { group: 'traffic' }, (id) => this.ledger.received(id));
    const publish = async (id: string): Promise<unknown> => this.#publisher.publish(stream, id);
    this.#publishing = Promise.all(Array.from({ length: lanes }, async (_, lane) => this.#publishFrom(`k${lane}`, publish)));
    // Whoever waits for progress learns of it; that it is awaited only at the end must not end the process.
    this.#publishing.catch(() => undefined);
    await this.progress(1000);
  }

  async #publishFrom(key: string, publish: (id: string) => Promise<unknown>): Promise<void> {
    for (let index = 0; !this.#stopping.signal.aborted; index++) {
      const id = `${key}-${index}`;
      this.ledger.attempted(id);
      try {
        await settled(publish(id), id);
        this.ledger.acknowledged(id);
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error;
        this.#failed++;
        if (error.code !== 'INDETERMINATE') this.ledger.refused(id);
      }
      await sleep(2);
    }
  }
}

/** Fails when it does not settle in time. */
async function settled<T>(work: Promise<T>, id: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`the send of '${id}' did not settle within ${settleMs} ms`)), settleMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A row: fault, attempts, acks, ok, lost, unexpected, duplicated, recovered. */
export function totals(fault: string, ledger: DeliveryLedger): string {
  return `| ${fault} | ${Object.values(ledger.summary()).join(' | ')} |`;
}
