import type { OutboundCommand, QueueConsumerOptions, QueueFacet, Reply, SendOutcome } from '@millrace/messaging/binder';
import { headerNames } from '@millrace/messaging/binder';
import { writeCommand } from '../records/command-records.ts';
import { raise } from '../errors.ts';
import type { ByteWriter } from '../records/byte-writer.ts';
import type { AttributeWriter } from '../records/record-writer.ts';
import type { RecordInput } from '../records/records.ts';
import type { Client } from './client.ts';
import { batchMeta, encodeBatches, encodeReplies } from './encoding.ts';
import type { IndexedBatch } from './encoding.ts';
import { priorities } from '../wire/protocol.ts';
import { asMillraceError } from './link.ts';
import { EmbeddedQueueConsumer } from './queue-consumer.ts';
import { Replies } from './replies.ts';

/** Commands over the embedded broker. */
export class EmbeddedQueue implements QueueFacet {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async send(queue: string, commands: readonly OutboundCommand[]): Promise<readonly SendOutcome[]> {
    const { clock, limits } = this.#client;
    const outcomes: (SendOutcome | undefined)[] = Array.from({ length: commands.length });
    const records = commands.map((command) => new CommandRecord(command));
    const valid = [...records.keys()].filter((index) => hasPriority(commands[index]!, index, outcomes));
    const awaitsReplies = commands.every(({ headers }) => headers[headerNames.replyTo] !== undefined);
    const batches = encodeBatches(records, valid, { now: clock.now(), ...limits }, outcomes);
    await Promise.all(batches.map((batch) => this.#transmit({ queue, awaitsReplies }, batch, outcomes)));
    return outcomes as SendOutcome[];
  }

  consume(queue: string, options: QueueConsumerOptions = {}): Promise<EmbeddedQueueConsumer> {
    return EmbeddedQueueConsumer.attach(this.#client, queue, options);
  }

  async cancel(queue: string, id: string): Promise<boolean> {
    const { meta } = await this.#client.link.call('queue.cancel', { queue, id });
    return meta.cancelled;
  }

  openReplies(): Promise<Replies> {
    return Replies.open(this.#client);
  }

  async reply(replies: readonly Reply[]): Promise<void> {
    if (replies.length === 0) return;
    const { meta, bytes } = encodeReplies(replies, this.#client.clock.now());
    await this.#client.link.call('reply.send', meta, [bytes]);
  }

  async #transmit(to: Target, { indexes, encoded }: IndexedBatch, outcomes: (SendOutcome | undefined)[]): Promise<void> {
    const { link, window, limits } = this.#client;
    const { bytes } = encoded;
    try {
      const ask = { ...to, batch: batchMeta(encoded), waitMs: limits.sendWaitMs };
      const { meta } = await window.within(bytes.length, () => link.call('queue.send', ask, [bytes]));
      const duplicates = new Set(meta.duplicates);
      indexes.forEach((index, n) => {
        outcomes[index] = duplicates.has(n) || meta.base === undefined ? {} : { partition: 0, offset: meta.base + n };
      });
    } catch (error) {
      for (const index of indexes) outcomes[index] = { error: asMillraceError(error) };
    }
  }
}

interface Target {
  readonly queue: string;
  readonly awaitsReplies: boolean;
}

/** A command as a record: what it says about itself is written where it belongs. */
class CommandRecord implements RecordInput, AttributeWriter {
  readonly payload: OutboundCommand['payload'];
  readonly headers: OutboundCommand['headers'];
  readonly key: OutboundCommand['key'];
  readonly timestamp: OutboundCommand['timestamp'];
  readonly attributes = this;
  readonly #command: OutboundCommand;

  constructor(command: OutboundCommand) {
    this.payload = command.payload;
    this.headers = command.headers;
    this.key = command.key;
    this.timestamp = command.timestamp;
    this.#command = command;
  }

  writeAttributes(out: ByteWriter): void {
    const { id, notBefore, expiresAt, priority = 0, deduplicateMs = 0 } = this.#command;
    writeCommand(out, { id, notBefore, expiresAt, priority, deduplicateMs });
  }
}

/** Whether the command's priority is one; otherwise its outcome says so. */
function hasPriority({ priority = 0 }: OutboundCommand, index: number, outcomes: (SendOutcome | undefined)[]): boolean {
  const valid = Number.isInteger(priority) && priority >= 0 && priority < priorities;
  if (!valid) outcomes[index] = { error: raise('PRIORITY_INVALID', { priority, highest: priorities - 1 }) };
  return valid;
}
