import type { Clock } from '@millrace/core';
import {
  headerNames,
  type Binder,
  type OutboundMessage,
  type QueueConsumer,
  type QueueDelivery,
  type Reply,
} from '../binder/index.ts';
import { binderError } from '../errors.ts';
import { delay } from '../policies/deadline.ts';
import type { Log } from '../runtime/log.ts';
import { Batcher } from '../policies/batcher.ts';
import type { CommandTask } from './command-task.ts';
import type { LeaseKeeper } from './lease-keeper.ts';

const maxBatch = 1000;
const ackTries = 5;
const ackPauseMs = 100;

interface Finished {
  readonly task: CommandTask;
  readonly reply: OutboundMessage | undefined;
}

/** What {@link Outcomes} needs of the subscription it works for. */
export interface OutcomesOptions {
  readonly name: string;
  readonly binder: Binder;
  readonly consumer: QueueConsumer;
  readonly leases: LeaseKeeper;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Tells the broker what became of commands, in batches: replies first, then the acknowledgement, so that a crash in between repeats
 * a command rather than leave its caller without an answer. Leases are kept until the broker has taken the acknowledgement.
 */
export class Outcomes {
  readonly #options: OutcomesOptions;
  readonly #finished: Batcher<Finished>;

  constructor(options: OutcomesOptions) {
    this.#options = options;
    this.#finished = new Batcher((batch) => this.#settle(batch), { maxBatch, maxBytes: 1 << 20, weigh, maxInFlight: 2 });
  }

  /** The command is done, or parked; it leaves the queue. */
  done(task: CommandTask, reply: OutboundMessage | undefined): void {
    this.#finished.add({ task, reply });
  }

  /** Gives a command back to the queue, to come again after `delayMs`. */
  async release(tasks: readonly CommandTask[], delayMs = 0): Promise<void> {
    if (tasks.length === 0) return;
    try {
      await this.#options.consumer.release(
        tasks.map((task) => task.delivery),
        delayMs,
      );
    } catch (error) {
      this.#warn(`could not give back ${tasks.length} commands, which come again when their leases end`, 'release', error);
    }
    for (const task of tasks) this.#options.leases.letGo(task);
  }

  /** Resolves when everything that was finished is told. */
  idle(): Promise<void> {
    return this.#finished.idle();
  }

  async #settle(batch: readonly Finished[]): Promise<void> {
    const deliveries = batch.map((one) => one.task.delivery);
    const replies = repliesOf(batch);
    if (replies.length === 0 || !(await this.#finish(deliveries, replies))) {
      if (replies.length > 0) await this.#reply(replies);
      await this.#ack(deliveries);
    }
    for (const { task } of batch) this.#options.leases.letGo(task);
  }

  /** Both in one request, where the binder can; false where that failed, for the two to be tried, and failures told, one by one. */
  async #finish(deliveries: readonly QueueDelivery[], replies: readonly Reply[]): Promise<boolean> {
    const { consumer } = this.#options;
    try {
      await consumer.finish?.(deliveries, replies);
      return consumer.finish !== undefined;
    } catch {
      return false;
    }
  }

  async #reply(replies: readonly Reply[]): Promise<void> {
    try {
      await this.#options.binder.queue!.reply(replies);
    } catch (error) {
      // The command has had its effect: doing it again because its answer was lost would be worse than the caller's deadline.
      this.#warn(`could not send ${replies.length} replies, whose callers run into their deadlines`, 'reply', error);
    }
  }

  async #ack(deliveries: readonly QueueDelivery[]): Promise<void> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.#options.consumer.ack(deliveries);
      } catch (error) {
        const { retryable } = binderError(this.#options.binder, 'acknowledge', error);
        if (!retryable || tried === ackTries)
          return this.#warn(`could not acknowledge ${deliveries.length} commands, which will come again`, 'acknowledge', error);
      }
      await delay(this.#options.clock, ackPauseMs * 2 ** tried);
    }
  }

  #warn(problem: string, operation: string, error: unknown): void {
    const { code, message } = binderError(this.#options.binder, operation, error);
    this.#options.log('warn', `${this.#options.name} ${problem}: ${message}`, { code });
  }
}

const weigh = ({ reply }: Finished): number => 16 + (reply?.payload?.length ?? 0);

function repliesOf(batch: readonly Finished[]): Reply[] {
  const replies: Reply[] = [];
  for (const { task, reply } of batch)
    if (reply !== undefined) replies.push({ to: task.replyTo!, message: addressed(reply, task.delivery) });
  return replies;
}

/** The correlation id goes back as it came, bytes or text: it is the caller's. */
function addressed(reply: OutboundMessage, delivery: QueueDelivery): OutboundMessage {
  const correlationId = delivery.headers[headerNames.correlationId];
  return correlationId === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, [headerNames.correlationId]: correlationId } };
}
