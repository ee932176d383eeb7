import type { MillraceError } from '@millrace/core';
import type { OutboundMessage, Reply, SendOutcome } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import { encodeRecords } from '../records/records.ts';
import type { EncodedBatch, RecordInput } from '../records/records.ts';
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

/**
 * Encodes the messages at `indexes` as batches of bounded size. Those that cannot be sent get their error in `outcomes` and are
 * left out; the others are not affected.
 */
export function encodeBatches(
  messages: readonly RecordInput[],
  indexes: readonly number[],
  now: number,
  maxMessageBytes: number,
  outcomes: (SendOutcome | undefined)[],
): IndexedBatch[] {
  const batches: IndexedBatch[] = [];
  let part: number[] = [];
  let bytes = 0;
  for (const index of indexes) {
    const size = messages[index]!.payload?.length ?? 0;
    if (size > maxMessageBytes) {
      outcomes[index] = { error: raise('MESSAGE_TOO_LARGE', { size, limit: maxMessageBytes }) };
      continue;
    }
    part.push(index);
    bytes += size + 64;
    if (bytes < batchBytes) continue;
    encodeInto(batches, messages, part, now, outcomes);
    part = [];
    bytes = 0;
  }
  if (part.length > 0) encodeInto(batches, messages, part, now, outcomes);
  return batches;
}

function encodeInto(
  batches: IndexedBatch[],
  messages: readonly RecordInput[],
  indexes: readonly number[],
  now: number,
  outcomes: (SendOutcome | undefined)[],
): void {
  const encode = (some: readonly number[]): EncodedBatch =>
    encodeRecords(some.length === messages.length ? messages : some.map((index) => messages[index]!), now);
  try {
    batches.push({ indexes, encoded: encode(indexes) });
  } catch {
    const good = indexes.filter((index) => {
      const error = faultOf(messages[index]!, now);
      if (error !== undefined) outcomes[index] = { error };
      return error === undefined;
    });
    if (good.length > 0) batches.push({ indexes: good, encoded: encode(good) });
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
