import { headerNames } from '@millrace/messaging/binder';
import type {
  OutboundCommand,
  QueueConsumer,
  QueueConsumerOptions,
  QueueFacet,
  Reply,
  ReplySource,
  SendOutcome,
} from '@millrace/messaging/binder';
import { prioritiesOf } from '../capabilities.ts';
import type { Admin } from '../client/admin.ts';
import { raise } from '../errors.ts';
import type { EncodedMessage } from '../messages/encode.ts';
import { ownHeaders } from '../messages/properties.ts';
import { tableValue } from '../messages/header-values.ts';
import type { Publisher } from '../producer/publisher.ts';
import { outcomeOf, prepare } from '../producer/sending.ts';
import { priorityLevels } from '../capabilities.ts';
import type { Destinations } from '../topology/destinations.ts';
import { CommandConsumer } from './command-consumer.ts';
import type { Delays } from './delays.ts';
import { ReplyAddress } from './reply-address.ts';

/** What the queue facet works with. */
export interface QueueParts {
  readonly admin: Admin;
  readonly destinations: Destinations;
  readonly publisher: Publisher;
  readonly delays: Delays;
  readonly maxMessageBytes: number;
  readonly maxPrefetch: number;
  /** Closes it together with the binder. */
  readonly keep: (closing: { close(): Promise<void> }) => void;
}

/** Commands lie in queues of their own, to which they are sent by name. */
export class RabbitQueues implements QueueFacet {
  readonly #parts: () => QueueParts;
  readonly #declared = new WeakMap<object, Set<string>>();

  constructor(parts: () => QueueParts) {
    this.#parts = parts;
  }

  async send(queue: string, commands: readonly OutboundCommand[]): Promise<readonly SendOutcome[]> {
    const parts = this.#parts();
    await this.#declare(parts, queue);
    return Promise.all(commands.map((command) => this.#send(parts, queue, command)));
  }

  async consume(queue: string, options: QueueConsumerOptions = {}): Promise<QueueConsumer> {
    const parts = this.#parts();
    await this.#declare(parts, queue);
    const { admin, destinations, maxPrefetch } = parts;
    const declare = (): Promise<void> => declareQueue(parts, queue);
    const consumer = new CommandConsumer({ admin, destinations, maxPrefetch, declare }, queue, options);
    await consumer.start();
    parts.keep(consumer);
    return consumer;
  }

  cancel(queue: string): Promise<boolean> {
    return Promise.reject(raise('CANCEL_UNSUPPORTED', { queue }));
  }

  async openReplies(): Promise<ReplySource> {
    const { admin, keep } = this.#parts();
    const address = new ReplyAddress(admin);
    await address.open();
    keep(address);
    return address;
  }

  async reply(replies: readonly Reply[]): Promise<void> {
    const { publisher, maxMessageBytes } = this.#parts();
    const sending = replies.map(async ({ to, message }) => {
      const prepared = prepare(message, to, maxMessageBytes);
      if (prepared.error !== undefined) throw prepared.error;
      const { content, options } = prepared.message;
      // Nobody waits for it any more where nobody has the address; it needs no disk either.
      const transient = { ...options, mandatory: false, persistent: false };
      const error = await publisher.publish(
        { exchange: '', routingKey: to, destination: to, lane: 'replies' },
        { content, options: transient },
      );
      if (error !== undefined) throw error;
    });
    await Promise.all(sending);
  }

  async #send(parts: QueueParts, queue: string, command: OutboundCommand): Promise<SendOutcome> {
    const { publisher, admin } = parts;
    const { queueType } = parts.destinations.settings;
    const refusal = refused(queue, command, queueType, admin.link.serverVersion);
    if (refusal !== undefined) return { error: refusal };
    const prepared = prepare(command, queue, parts.maxMessageBytes);
    if (prepared.error !== undefined) return { error: prepared.error };
    const now = Date.now();
    const delayMs = (command.notBefore ?? 0) - now;
    if ((command.expiresAt ?? Infinity) <= now) return {};
    const message = commandForm(prepared.message, command, delayMs > 0, now);
    try {
      const place = delayMs > 0 ? await parts.delays.route(queue, delayMs) : { exchange: '', routingKey: queue };
      return outcomeOf(await publisher.publish({ ...place, destination: queue }, message));
    } catch (error) {
      return { error: error as never };
    }
  }

  /** Once per queue and opened binder: sending must not ask each time. */
  async #declare(parts: QueueParts, queue: string): Promise<void> {
    const declared = this.#declared.get(parts.destinations) ?? new Set();
    this.#declared.set(parts.destinations, declared);
    if (declared.has(queue) && parts.destinations.catalogue.known(queue)?.kind === 'queue') return;
    parts.delays.forget(queue);
    await parts.destinations.bound(queue, 'queue');
    await declareQueue(parts, queue);
    declared.add(queue);
  }
}

async function declareQueue({ destinations }: QueueParts, queue: string): Promise<void> {
  const isClassic = destinations.settings.queueType === 'classic';
  await destinations.declarations.queue(queue, isClassic ? { 'x-max-priority': priorityLevels - 1 } : {});
}

function refused(queue: string, command: OutboundCommand, queueType: 'quorum' | 'classic', version: string) {
  const { priority = 0, deduplicateMs = 0 } = command;
  const unsupported = (option: string, next: string) =>
    raise('COMMAND_UNSUPPORTED', { queue, option, version, type: queueType, next });
  if (deduplicateMs > 0) return unsupported('deduplication', 'let its handler be idempotent');
  const levels = prioritiesOf({ queueType, serverVersion: version });
  if (priority > 0 && levels === 1) return unsupported('a priority', "use RabbitMQ 4.3 or queueType 'classic'");
  if (!Number.isInteger(priority) || priority < 0 || priority >= levels)
    return raise('PRIORITY_INVALID', { queue, priority, last: levels - 1 });
  return undefined;
}

/** Adds what makes a message a command. While it is delayed the server must not see when it expires: it would hand it on at once. */
function commandForm(
  { content, options }: EncodedMessage,
  command: OutboundCommand,
  isDelayed: boolean,
  now: number,
): EncodedMessage {
  const { id, expiresAt, priority } = command;
  const headers = options.headers as Record<string, unknown>;
  // The property holds the command's own id, so that a header of that name stays one.
  if (options.messageId !== undefined) headers[headerNames.id] = options.messageId;
  if (expiresAt !== undefined) headers[ownHeaders.expiresAt] = tableValue(expiresAt);
  const expiration = expiresAt === undefined || isDelayed ? {} : { expiration: String(Math.min(expiresAt - now, 2 ** 32 - 1)) };
  return { content, options: { ...options, ...expiration, ...(priority ? { priority } : {}), messageId: id } };
}
