import { gunzipSync, inflateSync } from 'node:zlib';
import type { InboundMessage } from '@millrace/messaging/binder';
import type { ConsumeMessage } from 'amqplib';
import { decode } from './decode.ts';
import type { DecodeOptions } from './decode.ts';

/** Spring's names of how it packs messages. */
const batchFormat = 'springBatchFormat';
const packing: ReadonlySet<string> = new Set([batchFormat, 'amqp_batchSize', 'springAutoDecompress', 'amqp_contentEncoding']);

/** The messages in one of the server: Spring may have compressed it, and put several into it. */
export function split(message: ConsumeMessage, options: DecodeOptions): readonly InboundMessage[] {
  const whole = decode(message, options);
  const { headers, payload } = whole;
  const encoding = headers['amqp_contentEncoding'];
  const isBatch = headers[batchFormat] === 'lengthHeader4';
  const unpack = typeof encoding === 'string' ? decoders.get(encoding) : undefined;
  if (payload === null || (!isBatch && unpack === undefined)) return [whole];
  const content = unpack === undefined ? Buffer.from(payload) : unpacked(payload, unpack);
  // What is no packed message whatever it says goes on as it is: its handler finds out, and it is parked.
  if (content === undefined) return [whole];
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !packing.has(name)));
  const parts = isBatch ? partsOf(content) : [content];
  return parts === undefined ? [whole] : parts.map((part) => ({ ...whole, headers: kept, payload: part }));
}

type Unpack = (content: Uint8Array) => Buffer;
const decoders: ReadonlyMap<string, Unpack> = new Map([
  ['gzip', (content: Uint8Array) => gunzipSync(content, limits)],
  ['deflate', (content: Uint8Array) => inflateSync(content, limits)],
]);
/** What a small message may become: more is an attack, not content. */
const limits = { maxOutputLength: 256 << 20 };

function unpacked(content: Uint8Array, unpack: Unpack): Buffer | undefined {
  try {
    return unpack(content);
  } catch {
    return undefined;
  }
}

/** Each part behind its length in four bytes; `undefined` where the lengths do not add up. */
function partsOf(content: Buffer): readonly Buffer[] | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length;) {
    if (at + 4 > content.length) return undefined;
    const end = at + 4 + content.readUInt32BE(at);
    if (end > content.length) return undefined;
    parts.push(content.subarray(at + 4, end));
    at = end;
  }
  return parts.length > 0 ? parts : undefined;
}
