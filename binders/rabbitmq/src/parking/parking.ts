import type { ConsumeMessage } from 'amqplib';
import { headerNames } from '@millrace/messaging/binder';
import type { HeaderValue, OutboundMessage, ParkedEntry, ParkingFacet, SendOutcome } from '@millrace/messaging/binder';
import type { Admin } from '../client/admin.ts';
import type { Locks } from '../client/locks.ts';
import { replyCodeOf } from '../client/faults.ts';
import { translate } from '../client/translate.ts';
import { raise } from '../errors.ts';
import { decode } from '../messages/decode.ts';
import { tableValue } from '../messages/header-values.ts';
import { ownHeaders } from '../messages/properties.ts';
import type { Publisher } from '../producer/publisher.ts';
import { outcomeOf, prepare } from '../producer/sending.ts';
import type { Prepared } from '../producer/sending.ts';
import type { Destinations } from '../topology/destinations.ts';
import { browse } from './browser.ts';
import { ParkedPositions, positioned } from './positions.ts';

/** What parking works with. */
export interface ParkingParts {
  readonly admin: Admin;
  readonly destinations: Destinations;
  readonly publisher: Publisher;
  readonly locks: Locks;
  readonly maxMessageBytes: number;
}

/**
 * Parked messages lie in Spring's dead-letter queues. The server cannot show a queue without taking from it, so whoever looks takes all,
 * alone, and gives back what is not to be removed.
 */
export class RabbitParking implements ParkingFacet {
  readonly #parts: () => ParkingParts;
  readonly #positions = new ParkedPositions();
  readonly #declared = new WeakMap<object, Set<string>>();

  constructor(parts: () => ParkingParts) {
    this.#parts = parts;
  }

  async park(deadLetter: string, messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    const parts = this.#parts();
    await this.#declare(parts, deadLetter);
    return Promise.all(
      messages.map(async (message) => {
        const prepared = parked(message, deadLetter, parts.maxMessageBytes, parts.destinations.names.exchange(''));
        if (prepared.error !== undefined) return { error: prepared.error };
        (prepared.message.options.headers as Record<string, unknown>)[ownHeaders.parkedPosition] = tableValue(
          this.#positions.next(),
        );
        const target = { exchange: '', routingKey: deadLetter, destination: deadLetter };
        return outcomeOf(await parts.publisher.publish(target, prepared.message));
      }),
    );
  }

  list(deadLetter: string, after: number, limit: number): Promise<readonly ParkedEntry[]> {
    const { names } = this.#parts().destinations;
    return this.#browse(deadLetter, (messages) => {
      const found = positioned(messages).filter(({ position }) => position > after);
      const result = found
        .slice(0, limit)
        .map(({ position, message }) => entryOf(position, message as ConsumeMessage, names.exchange('')));
      return { result, remove: [] };
    });
  }

  async remove(deadLetter: string, positions: readonly number[]): Promise<number> {
    if (positions.length === 0) return 0;
    const wanted = new Set(positions);
    // Another look after a lost connection may find some of them gone already.
    const found = new Set<number>();
    return this.#browse(deadLetter, (messages) => {
      const chosen = positioned(messages).filter(({ position }) => wanted.has(position));
      for (const { position } of chosen) found.add(position);
      return { result: found.size, remove: chosen.map(({ message }) => message as ConsumeMessage) };
    });
  }

  async summary(): Promise<readonly { readonly name: string; readonly count: number }[]> {
    const { admin, destinations } = this.#parts();
    await destinations.catalogue.sync();
    const counts = await Promise.all(
      destinations.catalogue.deadLetters().map(async (name) => ({ name, count: await countOf(admin, name) })),
    );
    return counts.filter(({ count }) => count > 0);
  }

  async #browse<T>(
    deadLetter: string,
    choose: (messages: readonly ConsumeMessage[]) => { readonly result: T; readonly remove: readonly ConsumeMessage[] },
  ): Promise<T> {
    const parts = this.#parts();
    const { admin, locks } = parts;
    await this.#declare(parts, deadLetter);
    const busy = (): Error => raise('DEAD_LETTER_BUSY', { deadLetter });
    return admin.run(`look through '${deadLetter}'`, async () =>
      locks.alone(`${deadLetter}.mr-lock`, busy, () => browse(admin.link, deadLetter, admin.patienceMs, choose)),
    );
  }

  /** The queue, bound as Spring binds it, with the name of the group's queue. */
  async #declare({ destinations }: ParkingParts, deadLetter: string): Promise<void> {
    const declared = this.#declared.get(destinations) ?? new Set();
    this.#declared.set(destinations, declared);
    if (declared.has(deadLetter)) return;
    await destinations.declarations.deadLetterQueue(deadLetter, [deadLetter.replace(/\.dlq$/, '')]);
    await destinations.catalogue.addDeadLetter(deadLetter);
    declared.add(deadLetter);
  }
}

async function countOf(admin: Admin, name: string): Promise<number> {
  try {
    const { messageCount } = await admin.attempt(`count the messages of queue '${name}'`, async (channel) =>
      channel.checkQueue(name),
    );
    return messageCount;
  } catch (error) {
    if (replyCodeOf(error) === 404) return 0;
    throw translate(error, `count the messages of queue '${name}'`, admin.link.addressText);
  }
}

const originExchange = 'x-original-exchange';
const originRoutingKey = 'x-original-routingKey';

/** A parked message with Spring's headers for RabbitMQ beside those that the portable layer wrote. What does not fit goes: the stack first. */
function parked(message: OutboundMessage, deadLetter: string, limit: number, prefix: string): Prepared {
  const destination = message.headers[headerNames.originDestination];
  const partition = message.headers[headerNames.originPartition];
  const spring: Record<string, HeaderValue> =
    typeof destination === 'string'
      ? {
          [originExchange]: prefix + destination,
          [originRoutingKey]: typeof partition === 'number' && partition > 0 ? `${destination}-${partition}` : destination,
        }
      : {};
  const whole = prepare({ ...message, headers: { ...spring, ...message.headers } }, deadLetter, limit);
  if (whole.error?.reason !== 'MESSAGE_INVALID' || !(headerNames.exceptionStack in message.headers)) return whole;
  const { [headerNames.exceptionStack]: _, ...headers } = message.headers;
  return prepare({ ...message, headers: { ...spring, ...headers } }, deadLetter, limit);
}

/** A message as it is listed: what Spring or the server say about where it came from is said in the portable layer's words, too. */
function entryOf(position: number, message: ConsumeMessage, prefix: string): ParkedEntry {
  const decoded = decode(message);
  const { [originExchange]: exchange, [originRoutingKey]: routingKey, ...headers } = decoded.headers;
  const [death] = (headers['x-death'] ?? []) as readonly { readonly exchange?: unknown; readonly reason?: unknown }[];
  const from = exchange ?? death?.exchange;
  const isForeign = headers[headerNames.originDestination] === undefined && typeof from === 'string' && from.startsWith(prefix);
  const origin = isForeign ? { [headerNames.originDestination]: from.slice(prefix.length) } : {};
  const kept = isForeign ? decoded.headers : headers;
  void routingKey;
  return { ...decoded, headers: { ...kept, ...origin }, position };
}
