import type { Reader } from '@platformatic/kafka';
import { visibleBatches } from '../records/aborted.ts';
import type { AbortedTransaction } from '../records/aborted.ts';
import { readBatches } from '../records/batch-reader.ts';
import type { StoredBatch } from '../records/batch-reader.ts';
import type { Library } from './library.ts';
import type { Link } from './link.ts';
import { fetchRequest } from './versions.ts';

/** What to read of one topic from one leader. */
export interface FetchAsk {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly from: number }[];
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionBytes: number;
  /** Whether messages of transactions that are not committed are left out. */
  readonly isCommitted: boolean;
}

/** What was read of one partition. */
export interface FetchedPartition {
  readonly partition: number;
  /** The protocol's number of what went wrong; 0 for nothing. */
  readonly errorCode: number;
  /** Whole batches that may be seen. The first may begin before what was asked for. */
  readonly batches: readonly StoredBatch[];
  /** Where to read on: behind everything that was looked at, seen or not. */
  readonly next: number;
  readonly lastStable: number;
}

/** Reads whole batches. Resolves after `maxWaitMs` at the latest, as soon as there is anything. */
export async function fetchBatches(library: Library, link: Link, ask: FetchAsk): Promise<readonly FetchedPartition[]> {
  const api = library.createAPI<[FetchAsk], readonly FetchedPartition[]>(
    fetchRequest.key,
    fetchRequest.version,
    (each: FetchAsk) => encode(library, each),
    (_correlation, _key, _version, reader) => decode(library, ask, reader),
  );
  return link.call(api, ask);
}

function encode(library: Library, ask: FetchAsk) {
  const partitions = ask.partitions.map(({ partition, from }) => ({
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: BigInt(from),
    lastFetchedEpoch: -1,
    partitionMaxBytes: ask.partitionBytes,
  }));
  const topics = [{ topicId: ask.topic, partitions }];
  return library.fetchV12.createRequest(ask.maxWaitMs, 1, ask.maxBytes, ask.isCommitted ? 1 : 0, 0, -1, topics, [], '');
}

function decode(library: Library, ask: FetchAsk, reader: Reader): readonly FetchedPartition[] {
  reader.readInt32();
  const errorCode = reader.readInt16();
  if (errorCode !== 0) throw new library.ProtocolError(errorCode);
  reader.readInt32();
  const topics = reader.readArray((input) => {
    input.readString();
    return input.readArray((each) => decodePartition(library, ask, each), true, false);
  });
  return topics.flat();
}

function decodePartition(library: Library, ask: FetchAsk, reader: Reader): FetchedPartition {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  reader.readInt64();
  const lastStable = Number(reader.readInt64());
  reader.readInt64();
  const aborted = reader.readNullableArray((input): AbortedTransaction => ({
    producerId: input.readInt64(),
    firstOffset: Number(input.readInt64()),
  }));
  reader.readInt32();
  const size = reader.readUnsignedVarInt() - 1;
  const bytes = size > 0 ? reader.buffer.slice(reader.position, reader.position + size) : undefined;
  if (size > 0) reader.skip(size);
  reader.readTaggedFields();
  const all = bytes === undefined || errorCode !== 0 ? [] : readBatches(library, bytes, { destination: ask.topic, partition });
  const from = ask.partitions.find((each) => each.partition === partition)?.from ?? 0;
  return {
    partition,
    errorCode,
    // Uncommitted reading still has no use for the broker's own markers.
    batches: visibleBatches(all, ask.isCommitted ? (aborted ?? []) : []).filter((batch) => batch.next > from),
    next: Math.max(from, all.at(-1)?.next ?? from),
    lastStable,
  };
}
