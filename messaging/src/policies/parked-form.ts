import { headerNames, type Headers, type ParkedEntry } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { contentTypes } from './codec.ts';
import { contentTypeOf, keyText } from './message-coder.ts';
import type { ParkedFilter, ParkedMessage } from './parked.ts';

/** Where a parked message lies: the binder's configured name, its dead-letter destination, its position there. */
export interface ParkedPlace {
  readonly binder: string;
  readonly deadLetter: string;
  readonly position: number;
}

/** Whose dead letters a destination holds. */
export interface DeadLetterOrigin {
  readonly destination: string;
  readonly group: string;
}

/** What is known of a dead-letter destination from outside of its messages. */
export interface DeadLetterFacts {
  readonly origin: DeadLetterOrigin | undefined;
  /** The group whose dead letters of `destination` have this place by their name. */
  groupOf(destination: string): string | undefined;
}

export function parkedId({ binder, deadLetter, position }: ParkedPlace): string {
  return `${binder}~${deadLetter}~${position}`;
}

export function placeOf(id: string): ParkedPlace {
  const [, binder, deadLetter, position] = /^([^~]+)~(.+)~(\d+)$/.exec(id) ?? [];
  if (binder === undefined || deadLetter === undefined || position === undefined) throw raise('PARKED_UNKNOWN', { id });
  return { binder, deadLetter, position: Number(position) };
}

/** A parked message as users see it. Headers are read under Spring's names too; `facts` fill in what a foreign writer left out. */
export function parkedMessage(place: ParkedPlace, entry: ParkedEntry, facts: DeadLetterFacts): ParkedMessage {
  const { headers } = entry;
  return {
    id: parkedId(place),
    deadLetter: place.deadLetter,
    ...originOf(headers, facts),
    kind: kindOf(headers[headerNames.originKind]),
    payload: entry.payload,
    headers,
    key: keyText(entry.key),
    contentType: contentTypeOf(headers) ?? contentTypes.json,
    attempts: numberOf(headers[headerNames.attempts]) ?? 1,
    cause: causeOf(headers),
    origin: {
      partition: numberOf(headers[headerNames.originPartition]),
      offset: numberOf(headers[headerNames.originOffset]),
      timestamp: numberOf(headers[headerNames.originTimestamp]),
    },
    parkedAt: entry.timestamp,
  };
}

/** Where a parked message came from; empty names where nobody knows. */
export function originOf(headers: Headers, facts: DeadLetterFacts): DeadLetterOrigin {
  const destination = textOf(headers[headerNames.originDestination]) ?? facts.origin?.destination ?? '';
  const group = textOf(headers[headerNames.originGroup]) ?? facts.origin?.group ?? facts.groupOf(destination) ?? '';
  return { destination, group };
}

export function meets(message: ParkedMessage, filter: ParkedFilter): boolean {
  const { destination, group, ids, cause, before, after } = filter;
  if (destination !== undefined && message.destination !== destination) return false;
  if (group !== undefined && message.group !== group) return false;
  if (ids !== undefined && !ids.includes(message.id)) return false;
  if (before !== undefined && message.parkedAt >= before.getTime()) return false;
  if (after !== undefined && message.parkedAt < after.getTime()) return false;
  return cause === undefined || message.cause.message.includes(cause) || message.cause.type.includes(cause);
}

function causeOf(headers: Headers): ParkedMessage['cause'] {
  return {
    type: textOf(headers[headerNames.exceptionType]) ?? 'unknown',
    message: textOf(headers[headerNames.exceptionMessage]) ?? '',
    code: textOf(headers[headerNames.errorCode]),
    stack: textOf(headers[headerNames.exceptionStack]),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined;
}

function kindOf(kind: unknown): ParkedMessage['kind'] {
  return kind === 'command' || kind === 'change' ? kind : 'event';
}
