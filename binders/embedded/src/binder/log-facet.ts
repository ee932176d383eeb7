import type { LogFacet, LogSlice, PartitionBounds, ReadOptions } from '@millrace/messaging/binder';
import type { Client } from './client.ts';
import { storedMessages } from './stored-message.ts';

const defaultReadBytes = 1024 * 1024;

/** Reads logs without a group. */
export class EmbeddedLog implements LogFacet {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async partitions(destination: string): Promise<readonly PartitionBounds[]> {
    const { meta } = await this.#client.link.call('log.bounds', { destination });
    return meta.bounds.map(([earliest, next], partition) => ({ partition, earliest, next }));
  }

  async offsetAt(destination: string, partition: number, time: number): Promise<number> {
    const { meta } = await this.#client.link.call('log.offsetAt', { destination, partition, time });
    return meta.offset;
  }

  async read(destination: string, partition: number, from: number, options: ReadOptions = {}): Promise<LogSlice> {
    const { maxBytes = defaultReadBytes, waitMs = 0, signal } = options;
    const { meta, body } = await this.#client.link.call('log.read', { destination, partition, from, maxBytes, waitMs }, [], {
      signal,
    });
    const messages = storedMessages(meta.batches, body, partition, from);
    // A stretch that compaction has emptied: go on behind it.
    if (messages.length === 0 && meta.batches.length > 0) return this.read(destination, partition, meta.next, options);
    return { messages, next: meta.next };
  }

  async committed(destination: string, group: string): Promise<ReadonlyMap<number, number>> {
    const { meta } = await this.#client.link.call('group.committed', { destination, group });
    return new Map(meta.positions);
  }

  async seek(destination: string, group: string, positions: ReadonlyMap<number, number>): Promise<void> {
    await this.#client.link.call('group.seek', { destination, group, positions: [...positions] });
  }
}
