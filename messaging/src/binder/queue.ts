import type { Delivery, DeliverySource, SendOutcome } from './binding.ts';
import type { InboundMessage, OutboundMessage } from './message.ts';

/** Point-to-point commands: each goes to one consumer, is leased while handled and leaves the queue when acknowledged. */
export interface QueueFacet {
  /** Queues commands, creating the queue where missing. Outcomes as of a producer binding; a duplicate id is accepted and dropped. */
  send(queue: string, commands: readonly OutboundCommand[]): Promise<readonly SendOutcome[]>;
  /** Attaches a competing consumer. */
  consume(queue: string, options?: QueueConsumerOptions): Promise<QueueConsumer>;
  /** Removes a command that no consumer has started; false if it is unknown, done or being handled. */
  cancel(queue: string, id: string): Promise<boolean>;
  /** Opens this process's return address. Replies to it are lost once it is closed. */
  openReplies(): Promise<ReplySource>;
  /** Sends replies to return addresses; resolves when handed over. An address that is gone is ignored. */
  reply(replies: readonly Reply[]): Promise<void>;
}

/** A reply and the return address it goes to. */
export interface Reply {
  readonly to: string;
  readonly message: OutboundMessage;
}

/** A command on its way to a queue. */
export interface OutboundCommand extends OutboundMessage {
  /** Identity for deduplication and cancellation. */
  readonly id: string;
  /** Not handed out before this time (milliseconds since the epoch). */
  readonly notBefore?: number | undefined;
  /** Not handed out after this time; it is then dropped and counted, or dead-lettered where the broker can. */
  readonly expiresAt?: number | undefined;
  /** 0 (default) to `priorities - 1`; higher ones are handed out first. */
  readonly priority?: number | undefined;
  /** Drop this command if one with the same id was accepted within this time. */
  readonly deduplicateMs?: number | undefined;
}

/** How a consumer of a queue attaches. */
export interface QueueConsumerOptions {
  /** Deliveries held at once, at most (default 100). */
  readonly maxInFlight?: number | undefined;
  /** How long a delivery stays ours without an extension, in milliseconds (default 30000). */
  readonly leaseMs?: number | undefined;
}

/** A command that is leased to its consumer. */
export interface QueueDelivery extends Delivery {
  readonly id: string;
}

/** One of any number of consumers that compete for a queue's commands. */
export interface QueueConsumer extends DeliverySource<QueueDelivery> {
  readonly queue: string;
  /**
   * Sends replies and then acknowledges, in one request, so that neither waits for the other. Where a binder lacks it, `reply` and
   * then `ack` do the same. The deliveries need not be those that are answered.
   */
  finish?(deliveries: readonly QueueDelivery[], replies: readonly Reply[]): Promise<void>;
  /** Gives deliveries back to the queue, to be handed out again after `delayMs` (default 0). Holds nothing else back. */
  release(deliveries: readonly QueueDelivery[], delayMs?: number): Promise<void>;
  /** Renews the leases; resolves with those that were already lost. */
  extend(deliveries: readonly QueueDelivery[]): Promise<readonly QueueDelivery[]>;
  /** Commands waiting (ready or delayed), not counting those leased. */
  depth(): Promise<number>;
}

/** Where replies to this process's requests arrive. */
export interface ReplySource {
  /** What the other side puts into `reply`. */
  readonly address: string;
  receive(max: number, waitMs?: number): Promise<readonly InboundMessage[]>;
  close(): Promise<void>;
}

/** Dead-letter destinations whose messages can be looked at and removed one by one. */
export interface ParkingFacet {
  /**
   * Adds messages durably. An outcome's place is that of any send; it is not a {@link ParkedEntry.position}, which `list` alone tells.
   */
  park(deadLetter: string, messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]>;
  /** Parked messages after a position (0 = from the first), oldest first. Nothing is removed or locked. */
  list(deadLetter: string, after: number, limit: number): Promise<readonly ParkedEntry[]>;
  /** Removes messages; resolves with the number that were still there. */
  remove(deadLetter: string, positions: readonly number[]): Promise<number>;
  /** All dead-letter destinations with the number of messages in each. */
  summary(): Promise<readonly { readonly name: string; readonly count: number }[]>;
}

/** A message in a dead-letter destination. */
export interface ParkedEntry extends InboundMessage {
  /** Unique in its dead-letter destination, increasing. */
  readonly position: number;
}
