import type { Channel, ConsumeMessage } from 'amqplib';
import type { HeaderValue, InboundMessage, QueueDelivery } from '@millrace/messaging/binder';

/** One message of the server, of which Spring may have made several. It is acknowledged when all of them are. */
export class Receipt {
  readonly message: ConsumeMessage;
  readonly channel: Channel;
  #open: number;
  #isReturned = false;

  constructor(channel: Channel, message: ConsumeMessage, parts: number) {
    this.channel = channel;
    this.message = message;
    this.#open = parts;
  }

  /** Ends one part; the last one tells the server. A channel that ended meanwhile has given the message back already. */
  end(how: 'done' | 'returned'): void {
    if (how === 'returned') this.#isReturned = true;
    if (--this.#open > 0) return;
    try {
      if (this.#isReturned) this.channel.reject(this.message, true);
      else this.channel.ack(this.message);
    } catch {
      // The channel ended.
    }
  }
}

/** Where a delivery stands. Only what is `held` counts as handed out. */
export type DeliveryState = 'buffered' | 'held' | 'delayed' | 'over';

/** A message of a queue, from its arrival until it is settled. */
export class RabbitDelivery implements QueueDelivery {
  readonly payload: Uint8Array | null;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly key: string | Uint8Array | undefined;
  readonly timestamp: number;
  readonly partition: number;
  readonly offset: number;
  readonly redeliveries: number;
  readonly id: string;
  readonly receipt: Receipt;
  state: DeliveryState = 'buffered';
  timer: NodeJS.Timeout | undefined;

  constructor(
    message: InboundMessage,
    receipt: Receipt,
    place: { readonly partition: number; readonly offset: number; readonly redeliveries: number; readonly id: string },
  ) {
    this.payload = message.payload;
    this.headers = message.headers;
    this.key = message.key;
    this.timestamp = message.timestamp;
    this.partition = place.partition;
    this.offset = place.offset;
    this.redeliveries = place.redeliveries;
    this.id = place.id;
    this.receipt = receipt;
  }
}
