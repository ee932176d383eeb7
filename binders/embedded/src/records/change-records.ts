import type { Headers } from '@millrace/messaging/binder';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { RecordInput, RecordView } from './records.ts';
import { readText, writeText } from './command-records.ts';

/** What a client asks for beside key, value and metadata, which are the record's own. */
export interface ChangeRequest {
  readonly contentType: string;
  readonly ifVersion: number | undefined;
  readonly timeToLiveMs: number | undefined;
}

export function encodeChangeRequest({ contentType, ifVersion, timeToLiveMs }: ChangeRequest): Uint8Array {
  const out = new ByteWriter(48 + contentType.length * 2);
  writeText(out, contentType);
  out.varint(ifVersion === undefined ? 0 : ifVersion + 1);
  out.varint(timeToLiveMs === undefined ? 0 : timeToLiveMs + 1);
  return out.bytes.subarray(0, out.position);
}

export function decodeChangeRequest(attributes: Uint8Array): ChangeRequest {
  const input = new ByteReader(attributes);
  const contentType = readText(input);
  const [ifVersion, timeToLiveMs] = [input.varint() - 1, input.varint() - 1];
  return {
    contentType,
    ifVersion: ifVersion < 0 ? undefined : ifVersion,
    timeToLiveMs: timeToLiveMs < 0 ? undefined : timeToLiveMs,
  };
}

/** A stored change of a region. `carried` repeats an entry as it is, so that its old record can go; watchers do not see it. */
export interface Change {
  readonly kind: 'put' | 'removed' | 'expired' | 'cleared' | 'carried';
  readonly offset: number;
  /** Empty for `cleared`. */
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly previous: Uint8Array | undefined;
  readonly contentType: string;
  readonly version: number;
  readonly time: number;
  /** Milliseconds since the epoch at which the entry expires. */
  readonly expiresAt: number | undefined;
  readonly origin: string | undefined;
  readonly metadata: Headers;
}

const kinds = ['put', 'removed', 'expired', 'cleared', 'carried'] as const;

/** The record of a change. Its version follows from its offset unless it is a carried one. */
export function changeRecord(change: Change): RecordInput {
  const { kind, key, value, previous, contentType, version, expiresAt, origin, metadata, time } = change;
  const out = new ByteWriter(64 + (previous?.length ?? 0));
  out.byte(kinds.indexOf(kind));
  out.varint(kind === 'carried' ? version : 0);
  writeText(out, contentType);
  out.varint(expiresAt ?? 0);
  writeText(out, origin ?? '');
  if (previous !== undefined) out.raw(previous);
  // One byte tells an absent previous value from an empty one.
  out.byte(previous === undefined ? 0 : 1);
  return { key, payload: value ?? null, headers: metadata, timestamp: time, attributes: out.bytes.subarray(0, out.position) };
}

export function decodeChange(record: RecordView): Change {
  const input = new ByteReader(record.attributes!);
  const kind = kinds[input.byte()];
  if (kind === undefined) throw input.malformed('a change of unknown kind');
  const version = input.varint() || record.offset + 1;
  const contentType = readText(input);
  const expiresAt = input.varint() || undefined;
  const origin = readText(input) || undefined;
  const previous = input.raw(input.end - input.position - 1);
  return {
    kind,
    offset: record.offset,
    key: record.key as string,
    value: record.payload ?? undefined,
    previous: input.byte() === 1 ? previous : undefined,
    contentType,
    version,
    time: record.timestamp,
    expiresAt,
    origin,
    metadata: record.headers,
  };
}
