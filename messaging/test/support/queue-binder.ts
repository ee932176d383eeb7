import { MillraceError, type Clock } from '@millrace/core';
import type {
  Binder,
  BinderCapabilities,
  InboundMessage,
  OutboundCommand,
  OutboundMessage,
  QueueCapabilities,
  QueueConsumer,
  QueueConsumerOptions,
  QueueDelivery,
  Reply,
  QueueFacet,
  ReplySource,
  SendOutcome,
} from '../../src/binder/index.ts';

interface Entry {
  readonly delivery: QueueDelivery;
  notBefore: number;
  lease: { readonly owner: object; ends: number } | undefined;
  redeliveries: number;
}

const everything: QueueCapabilities = {
  requestReply: true,
  delay: true,
  priorities: 10,
  timeToLive: true,
  deduplication: true,
  cancellation: true,
  leases: true,
};

/**
 * A binder of queues only, whose failures a test can command: what a real one does at its own time. One queue for all names, leases
 * and delays on the given clock.
 */
export class QueueBinder implements Binder {
  readonly name = 'scripted';
  readonly capabilities: BinderCapabilities;
  readonly queue: QueueFacet;
  readonly parking = {
    park: (deadLetter: string, messages: readonly OutboundMessage[]) => this.#park(deadLetter, messages),
    ...unused('list', 'remove', 'summary'),
  } as never;
  readonly provisioner = { deadLetterName: (destination: string, group: string) => `error.${destination}.${group}` } as never;
  /** Called with the operation before it runs; throwing makes it fail, a promise delays it. */
  before: (operation: string) => unknown = () => {};
  readonly parked: { readonly deadLetter: string; readonly message: OutboundMessage }[] = [];
  readonly acked: string[] = [];
  readonly sent: (readonly OutboundCommand[])[] = [];
  readonly replies: Reply[] = [];
  /** Whether consumers of it can answer and acknowledge in one request. */
  finishes = false;
  readonly #clock: Clock;
  readonly #entries = new Map<number, Entry>();
  readonly #waiting = new Set<() => void>();
  readonly #inboxes = new Map<string, Inbox>();
  #offset = 0;

  constructor(clock: Clock, can: Partial<QueueCapabilities> = {}) {
    this.#clock = clock;
    this.capabilities = { parking: true, log: false, region: false, queue: { ...everything, ...can } } as BinderCapabilities;
    this.queue = {
      send: (_queue, commands) => this.#send(commands),
      consume: async (queue, options) => this.#consume(queue, options),
      cancel: async (_queue, id) => this.#cancel(id),
      openReplies: async () => this.#openReplies(),
      reply: (replies) => this.#reply(replies),
    };
  }

  /** Commands in the queue, leased or not. */
  get depth(): number {
    return this.#entries.size;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  bindProducer(): Promise<never> {
    return Promise.reject(new Error('this binder has queues only'));
  }

  bindConsumer(): Promise<never> {
    return Promise.reject(new Error('this binder has queues only'));
  }

  errorCode() {
    return 'UNAVAILABLE' as const;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Makes the receive calls that wait look again, for example because something must fail now. */
  stir(): void {
    for (const look of this.#waiting) look();
    for (const inbox of this.#inboxes.values()) inbox.look();
  }

  async #park(deadLetter: string, messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    await this.before('park');
    for (const message of messages) this.parked.push({ deadLetter, message });
    return messages.map(() => ({}));
  }

  async #send(commands: readonly OutboundCommand[]): Promise<readonly SendOutcome[]> {
    await this.before('send');
    this.sent.push(commands);
    for (const command of commands) {
      const offset = this.#offset++;
      const { id, payload, headers, key } = command;
      const delivery: QueueDelivery = {
        id,
        payload,
        headers,
        key,
        timestamp: this.#clock.now(),
        partition: 0,
        offset,
        redeliveries: 0,
      };
      this.#entries.set(offset, { delivery, notBefore: command.notBefore ?? 0, lease: undefined, redeliveries: 0 });
    }
    this.stir();
    return commands.map(() => ({}));
  }

  #cancel(id: string): boolean {
    for (const [offset, entry] of this.#entries)
      if (entry.delivery.id === id && entry.lease === undefined) return this.#entries.delete(offset);
    return false;
  }

  #consume(queue: string, { leaseMs = 30_000 }: QueueConsumerOptions = {}): QueueConsumer {
    const owner = {};
    let closed = false;
    const receive = async (max: number): Promise<readonly QueueDelivery[]> => {
      for (;;) {
        await this.before('receive');
        const taken = closed ? [] : this.#take(max, owner, leaseMs);
        if (taken.length > 0 || closed) return taken;
        await new Promise<void>((resolve) => this.#waitFor(resolve));
      }
    };
    const mine = ({ offset }: QueueDelivery): Entry | undefined => {
      const entry = this.#entries.get(offset);
      return entry?.lease?.owner === owner && entry.lease.ends > this.#clock.monotonic() ? entry : undefined;
    };
    const acknowledge = (deliveries: readonly QueueDelivery[]): void => {
      for (const delivery of deliveries)
        if (mine(delivery) !== undefined && this.#entries.delete(delivery.offset)) this.acked.push(delivery.id);
    };
    const finish = async (deliveries: readonly QueueDelivery[], replies: readonly Reply[]): Promise<void> => {
      await this.before('finish');
      this.#answer(replies);
      acknowledge(deliveries);
    };
    return {
      queue,
      receive,
      ...(this.finishes ? { finish } : {}),
      ack: async (deliveries) => {
        await this.before('ack');
        acknowledge(deliveries);
      },
      release: async (deliveries, delayMs = 0) => {
        await this.before('release');
        for (const delivery of deliveries) this.#release(mine(delivery), delayMs);
        this.stir();
      },
      extend: async (deliveries) => {
        await this.before('extend');
        return deliveries.filter((delivery) => !renewed(mine(delivery), this.#clock.monotonic() + leaseMs));
      },
      depth: async () => this.#entries.size,
      close: async () => {
        closed = true;
        for (const entry of this.#entries.values()) if (entry.lease?.owner === owner) this.#release(entry, 0);
        this.stir();
      },
    };
  }

  #take(max: number, owner: object, leaseMs: number): QueueDelivery[] {
    const now = this.#clock.monotonic();
    const taken: QueueDelivery[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.lease !== undefined && entry.lease.ends <= now) this.#release(entry, 0);
      if (taken.length >= max || entry.lease !== undefined || entry.notBefore > this.#clock.now()) continue;
      entry.lease = { owner, ends: now + leaseMs };
      taken.push({ ...entry.delivery, redeliveries: entry.redeliveries });
    }
    return taken;
  }

  #release(entry: Entry | undefined, delayMs: number): void {
    if (entry === undefined) return;
    entry.lease = undefined;
    entry.redeliveries++;
    entry.notBefore = this.#clock.now() + delayMs;
  }

  /** Looks again when stirred and whenever a delay or lease may have ended. */
  #waitFor(look: () => void): void {
    const again = (): void => {
      this.#waiting.delete(again);
      timer.cancel();
      look();
    };
    const timer = this.#clock.after(50, again);
    this.#waiting.add(again);
  }

  #openReplies(): ReplySource {
    const address = `inbox-${this.#inboxes.size}`;
    const inbox = new Inbox(address, () => this.before('receiveReplies'));
    this.#inboxes.set(address, inbox);
    return inbox;
  }

  async #reply(replies: readonly Reply[]): Promise<void> {
    await this.before('reply');
    this.#answer(replies);
  }

  #answer(replies: readonly Reply[]): void {
    this.replies.push(...replies);
    for (const { to, message } of replies) this.#inboxes.get(to)?.put({ ...message, key: undefined, timestamp: 0 });
  }
}

class Inbox implements ReplySource {
  readonly address: string;
  readonly #before: () => unknown;
  #messages: InboundMessage[] = [];
  #closed = false;
  look: () => void = () => {};

  constructor(address: string, before: () => unknown) {
    this.address = address;
    this.#before = before;
  }

  put(message: InboundMessage): void {
    this.#messages.push(message);
    this.look();
  }

  async receive(): Promise<readonly InboundMessage[]> {
    for (;;) {
      await this.#before();
      const messages = this.#messages;
      this.#messages = [];
      if (messages.length > 0 || this.#closed) return messages;
      await new Promise<void>((resolve) => (this.look = resolve));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.look();
  }
}

function renewed(entry: Entry | undefined, ends: number): boolean {
  if (entry?.lease === undefined) return false;
  entry.lease.ends = ends;
  return true;
}

function unused(...names: string[]): Record<string, () => never> {
  return Object.fromEntries(names.map((name) => [name, refuse]));
}

function refuse(): never {
  throw new MillraceError('not part of this test', { code: 'INTERNAL', reason: 'TEST' });
}
