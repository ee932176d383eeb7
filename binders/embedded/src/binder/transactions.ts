import type { OutboundMessage, SendOutcome, Transaction, TransactionFacet } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import type { PartitionBatchMeta } from '../wire/protocol.ts';
import type { Client } from './client.ts';
import { Consumer } from './consumer.ts';
import { batchMeta, encodeBatches } from './encoding.ts';
import { partitionOf } from './partition-of.ts';

/** Consumed positions and produced messages in one commit of the journal. */
export class EmbeddedTransactions implements TransactionFacet {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async commit({ consumed, produced }: Transaction): Promise<void> {
    const from = consumed.map(({ binding, deliveries }) => ({ binding: ownBinding(binding), deliveries }));
    const parts: Uint8Array[] = [];
    const sends = [];
    for (const { destination, messages } of produced) sends.push(await this.#encode(destination, messages, parts));
    const ask = {
      consumed: from.map(({ binding, deliveries }) => ({ consumer: binding.id, positions: binding.positions(deliveries) })),
      produced: sends,
    };
    await this.#client.link.call('transaction.commit', ask, parts);
    for (const { binding, deliveries } of from) binding.acknowledge(deliveries);
  }

  async #encode(destination: string, messages: readonly OutboundMessage[], parts: Uint8Array[]) {
    const { link, clock, limits } = this.#client;
    const { meta } = await link.call('destination.ensure', { name: destination, spec: {}, attach: true });
    const batches: PartitionBatchMeta[] = [];
    for (const [partition, indexes] of byPartition(messages, meta.info.partitions)) {
      const outcomes: (SendOutcome | undefined)[] = [];
      for (const { encoded } of encodeBatches(messages, indexes, { now: clock.now(), ...limits }, outcomes)) {
        batches.push({ partition, ...batchMeta(encoded) });
        parts.push(encoded.bytes);
      }
      // All or nothing: one message that cannot be sent fails the whole.
      for (const outcome of outcomes) if (outcome?.error !== undefined) throw outcome.error;
    }
    return { destination, batches };
  }
}

function ownBinding(binding: unknown): Consumer {
  if (binding instanceof Consumer) return binding;
  throw raise('FOREIGN_DELIVERY', { source: 'a transaction' });
}

function byPartition(messages: readonly OutboundMessage[], partitions: number): Map<number, number[]> {
  const found = new Map<number, number[]>();
  messages.forEach((message, index) => {
    const partition = message.partition ?? partitionOf(message.key, partitions);
    const indexes = found.get(partition);
    if (indexes === undefined) found.set(partition, [index]);
    else indexes.push(index);
  });
  return found;
}
