import type { MillraceError } from '@millrace/core';
import type { OutboundMessage, Reply, SendOutcome } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import { encodeRecords } from '../records/records.ts';
import type { EncodedBatch, RecordInput } from '../records/records.ts';
import type { SpareBuffers } from '../spare-buffers.ts';
import type { BatchMeta, RepliesMeta } from '../wire/protocol.ts';
import { asMillraceError } from './link.ts';

/** Bytes of records in one batch, about. */
const batchBytes = 1024 * 1024;

/** Messages encoded together, with their places in the caller's list. */
export interface IndexedBatch {
  readonly indexes: readonly number[];
  readonly encoded: EncodedBatch;
}

export function batchMeta({ count, firstTime: first, lastTime: last, bytes }: EncodedBatch): BatchMeta {
  return { count, first, last, length: bytes.length };
}

/** How messages are encoded. */
export interface Encoding {
  /** The time of messages that have none, in milliseconds. */
  readonly now: number;
  readonly maxMessageBytes: number;
  /** Lends memory for large batches. */
  readonly spares?: SpareBuffers | undefined;
}

/**
 * Encodes the messages at `indexes` as batches of bounded size. Those that cannot be sent get their error in `outcomes` and are
 * left out; the others are not affected.
 */
export function encodeBatches(
  messages: readonly RecordInput[],
  indexes: readonly number[],
  encoding: Encoding,
  outcomes: (SendOutcome | undefined)[],
): IndexedBatch[] {
  const batches: IndexedBatch[] = [];
  for (const part of inParts(messages, indexes, encoding.maxMessageBytes, outcomes)) {
    const batch = encodePart(messages, part, encoding, outcomes);
    if (batch !== undefined) batches.push(batch);
  }
  return batches;
}

/** The indexes in parts of bounded size, without those of messages that are too large. */
function inParts(
  messages: readonly RecordInput[],
  indexes: readonly number[],
  limit: number,
  outcomes: (SendOutcome | undefined)[],
): (readonly number[])[] {
  const parts: (readonly number[])[] = [];
  let first = 0;
  let bytes = 0;
  const end = (at: number): void => {
    if (at > first) parts.push(first === 0 && at === indexes.length ? indexes : indexes.slice(first, at));
    bytes = 0;
  };
  for (let i = 0; i < indexes.length; i++) {
    const size = messages[indexes[i]!]!.payload?.length ?? 0;
    if (size > limit) {
      outcomes[indexes[i]!] = { error: raise('MESSAGE_TOO_LARGE', { size, limit }) };
      end(i);
      first = i + 1;
      continue;
    }
    bytes += size + 64;
    if (bytes < batchBytes) continue;
    end(i + 1);
    first = i + 1;
  }
  end(indexes.length);
  return parts;
}

function encodePart(
  messages: readonly RecordInput[],
  indexes: readonly number[],
  { now, spares }: Encoding,
  outcomes: (SendOutcome | undefined)[],
): IndexedBatch | undefined {
  const encode = (some: readonly number[]): EncodedBatch =>
    encodeRecords(some.length === messages.length ? messages : some.map((index) => messages[index]!), now, spares);
  try {
    return { indexes, encoded: encode(indexes) };
  } catch {
    const good = indexes.filter((index) => {
      const error = faultOf(messages[index]!, now);
      if (error !== undefined) outcomes[index] = { error };
      return error === undefined;
    });
    return good.length > 0 ? { indexes: good, encoded: encode(good) } : undefined;
  }
}

function faultOf(message: RecordInput, now: number): MillraceError | undefined {
  try {
    encodeRecords([message], now);
    return undefined;
  } catch (error) {
    return asMillraceError(error);
  }
}

/** A record of just these facts. */
export function plainMessage({ payload, headers, key, timestamp }: OutboundMessage): OutboundMessage {
  return { payload, headers, key, timestamp };
}

/** Replies as one batch, with the addresses they go to. */
export function encodeReplies(replies: readonly Reply[], now: number): { readonly meta: RepliesMeta; readonly bytes: Uint8Array } {
  const encoded = encodeRecords(
    replies.map(({ message }) => plainMessage(message)),
    now,
  );
  const to: [string, number][] = [];
  for (const { to: address } of replies) {
    const last = to.at(-1);
    if (last?.[0] === address) last[1]++;
    else to.push([address, 1]);
  }
  return { meta: { to, batch: batchMeta(encoded) }, bytes: encoded.bytes };
}
