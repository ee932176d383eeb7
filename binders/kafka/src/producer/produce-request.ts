import type { Library } from '../client/library.ts';
import type { Link } from '../client/link.ts';
import { produceRequest } from '../client/versions.ts';

/** A batch on its way to one partition. */
export interface ProduceAsk {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
  /** -1: acknowledged by all replicas in sync; 1: by the leader alone. */
  readonly acks: -1 | 1;
  /** How long the leader waits for its replicas, in milliseconds. */
  readonly timeoutMs: number;
  readonly transactionalId: string | null;
}

/** Sends one batch; resolves with the offset of its first record. One partition per request: then no failure touches another one. */
export async function produce(library: Library, link: Link, ask: ProduceAsk): Promise<number> {
  const api = library.createAPI<[ProduceAsk], import('@platformatic/kafka').produceV9.ProduceResponse>(
    produceRequest.key,
    produceRequest.version,
    (each: ProduceAsk) => encode(library, each),
    library.produceV9.parseResponse,
  );
  const { responses } = await link.call(api, ask);
  return Number(responses[0]!.partitionResponses[0]!.baseOffset);
}

function encode(library: Library, { topic, partition, batch, acks, timeoutMs, transactionalId }: ProduceAsk) {
  return library.Writer.create()
    .appendString(transactionalId)
    .appendInt16(acks)
    .appendInt32(timeoutMs)
    .appendArray([topic], (topics, name) => {
      topics.appendString(name).appendArray([partition], (partitions, index) => {
        partitions
          .appendInt32(index)
          .appendUnsignedVarInt(batch.length + 1)
          .append(batch);
      });
    })
    .appendTaggedFields();
}
