import { messageOf, MillraceError } from '@millrace/core';
import {
  headerNames,
  type Binder,
  type HeaderValue,
  type InboundMessage,
  type OutboundMessage,
  type ProducerBinding,
} from '../binder/index.ts';
import { binderError, raise } from '../errors.ts';
import { withoutFailure } from './failure-headers.ts';

/** Where a message that failed came from. */
export interface Origin {
  readonly kind: 'event' | 'command' | 'change';
  readonly destination: string;
  readonly group: string;
  readonly partition?: number | undefined;
  readonly offset?: number | undefined;
}

/** Why it failed. */
export interface Failure {
  readonly cause: unknown;
  readonly attempts: number;
}

const longestText = 4096;

/** A failed message as it is parked: its own payload, key and headers, and the cause and origin under Spring's header names. */
export function parkedForm(message: InboundMessage, failure: Failure, origin: Origin): OutboundMessage {
  const told = Object.fromEntries([...originHeaders(message, origin), ...failureHeaders(failure)]);
  const headers = { ...withoutFailure(message.headers), ...told };
  return { payload: message.payload, headers, key: message.key };
}

function originHeaders(message: InboundMessage, origin: Origin): [string, HeaderValue][] {
  const facts: [string, HeaderValue | undefined][] = [
    [headerNames.originDestination, origin.destination],
    [headerNames.originGroup, origin.group],
    [headerNames.originKind, origin.kind],
    [headerNames.originPartition, origin.partition],
    [headerNames.originOffset, origin.offset],
    [headerNames.originTimestamp, message.timestamp],
  ];
  return facts.filter((fact): fact is [string, HeaderValue] => fact[1] !== undefined);
}

function failureHeaders({ cause, attempts }: Failure): [string, HeaderValue][] {
  const facts: [string, HeaderValue][] = [
    [headerNames.exceptionType, cause instanceof Error ? cause.name : typeof cause],
    [headerNames.exceptionMessage, causeText(cause).slice(0, longestText)],
    [headerNames.attempts, attempts],
  ];
  if (cause instanceof Error && cause.stack !== undefined)
    facts.push([headerNames.exceptionStack, cause.stack.slice(0, longestText)]);
  if (cause instanceof MillraceError) facts.push([headerNames.errorCode, cause.code]);
  return facts;
}

function causeText(cause: unknown): string {
  const text = messageOf(cause);
  const inner = cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : '';
  return text.includes(inner) ? text : `${text}; ${inner}`;
}

/** Moves failed messages to their dead-letter destinations, on whatever binder they came from. */
export class ParkingLot {
  readonly #producers = new Map<string, Promise<ProducerBinding>>();

  /** Resolves when the message is parked durably; only then may it be acknowledged. `UNAVAILABLE` when it could not be. */
  async park(binder: Binder, message: InboundMessage, failure: Failure, origin: Origin): Promise<void> {
    const deadLetter = binder.provisioner.deadLetterName(origin.destination, origin.group);
    try {
      const [outcome] = await this.#send(binder, deadLetter, parkedForm(message, failure, origin));
      if (outcome?.error !== undefined) throw outcome.error;
    } catch (error) {
      const cause = binderError(binder, 'park a message', error);
      throw raise('NOT_PARKED', { deadLetter, problem: cause.message }, cause);
    }
  }

  async #send(binder: Binder, deadLetter: string, message: OutboundMessage) {
    if (binder.parking !== undefined) return binder.parking.park(deadLetter, [message]);
    const producer = await this.#producer(binder, deadLetter);
    return producer.send([message]);
  }

  #producer(binder: Binder, deadLetter: string): Promise<ProducerBinding> {
    const id = `${binder.name}/${deadLetter}`;
    const known = this.#producers.get(id);
    if (known !== undefined) return known;
    const opening = binder.bindProducer(deadLetter);
    this.#producers.set(id, opening);
    opening.catch(() => this.#producers.delete(id));
    return opening;
  }
}
