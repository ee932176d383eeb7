import type { QueueConsumer, QueueConsumerOptions, QueueDelivery } from '@millrace/messaging/binder';
import type { Admin } from '../client/admin.ts';
import { QueueReader } from '../consumer/queue-reader.ts';
import { delayName } from '../messages/properties.ts';
import type { Destinations } from '../topology/destinations.ts';

const defaultInFlight = 100;
const defaultLeaseMs = 30_000;

/** What consumers of commands share. */
export interface CommandSetup {
  readonly admin: Admin;
  readonly destinations: Destinations;
  readonly maxPrefetch: number;
  declare(queue: string): Promise<void>;
}

/**
 * A competing consumer of a queue. A lease is an unacknowledged delivery: it returns to the queue when this process gives it back at the
 * end of the lease, and when the connection ends.
 */
export class CommandConsumer implements QueueConsumer {
  readonly queue: string;
  readonly #setup: CommandSetup;
  readonly #reader: QueueReader;

  constructor(setup: CommandSetup, queue: string, options: QueueConsumerOptions) {
    const { maxInFlight = defaultInFlight, leaseMs = defaultLeaseMs } = options;
    this.queue = queue;
    this.#setup = setup;
    this.#reader = new QueueReader(setup.admin.link, {
      name: queue,
      label: `queue '${queue}'`,
      queues: [queue],
      prefetch: Math.min(maxInFlight, setup.maxPrefetch),
      maxInFlight,
      leaseMs,
      patienceMs: setup.admin.patienceMs,
      partitionOf: () => 0,
      prepare: () => setup.declare(queue),
      isGone: () => setup.destinations.isGone(queue),
    });
  }

  start(): Promise<void> {
    return this.#reader.start();
  }

  receive(max: number, waitMs?: number): Promise<readonly QueueDelivery[]> {
    return this.#reader.receive(max, waitMs);
  }

  ack(deliveries: readonly QueueDelivery[]): Promise<void> {
    return this.#reader.ack(deliveries);
  }

  release(deliveries: readonly QueueDelivery[], delayMs?: number): Promise<void> {
    return this.#reader.release(deliveries, delayMs);
  }

  extend(deliveries: readonly QueueDelivery[]): Promise<readonly QueueDelivery[]> {
    return Promise.resolve(this.#reader.extend(deliveries));
  }

  /** What waits on the server, in its delays and in this consumer; what waits in other consumers the server does not tell. */
  async depth(): Promise<number> {
    const { admin, destinations } = this.#setup;
    const levels = destinations.catalogue.known(this.queue)?.delayLevels ?? 0;
    const queues = [this.queue, ...Array.from({ length: levels }, (_, level) => delayName(this.queue, level))];
    const counts = await Promise.all(
      queues.map(async (queue) =>
        admin.run(`count the messages of queue '${queue}'`, async (channel) => channel.checkQueue(queue)),
      ),
    );
    return counts.reduce((sum, { messageCount }) => sum + messageCount, this.#reader.waiting);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
