import { createHash } from 'node:crypto';
import type { Message } from 'amqplib';
import { ownHeaders } from '../messages/properties.ts';

/** Positions that grow with time, in microseconds, and never repeat in this process. */
export class ParkedPositions {
  #last = 0;

  next(): number {
    this.#last = Math.max(this.#last + 1, Date.now() * 1000);
    return this.#last;
  }
}

/**
 * Where parked messages lie, oldest first. Ours say it; those that others parked get the second in which they were dead-lettered and, within
 * it, a number made from their content, so that they keep their position however often they are looked at.
 */
export function positioned(messages: readonly Message[]): readonly { readonly position: number; readonly message: Message }[] {
  const all = messages.map((message) => ({ position: positionOf(message), message })).toSorted((a, b) => a.position - b.position);
  let last = 0;
  return all.map(({ position, message }) => ({ position: (last = Math.max(last + 1, position)), message }));
}

function positionOf(message: Message): number {
  const headers = (message.properties.headers ?? {}) as Record<string, unknown>;
  const own = headers[ownHeaders.parkedPosition];
  if (typeof own === 'number') return own;
  return secondOf(headers, message.properties.timestamp) * 1_000_000 + (fingerprint(message) % 1_000_000);
}

function secondOf(headers: Readonly<Record<string, unknown>>, timestamp: unknown): number {
  const [death] = Array.isArray(headers['x-death'])
    ? (headers['x-death'] as { readonly time?: { readonly value?: unknown } }[])
    : [];
  const second = death?.time?.value ?? timestamp;
  return typeof second === 'number' ? second : 0;
}

function fingerprint({ content, properties }: Message): number {
  const hash = createHash('sha256').update(content);
  const { messageId, correlationId, timestamp } = properties as unknown as Record<string, unknown>;
  return hash
    .update(JSON.stringify([messageId, correlationId, timestamp]))
    .digest()
    .readUIntBE(0, 6);
}
