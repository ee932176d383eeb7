import type { Headers, LogMessage } from '@millrace/messaging/binder';
import { RecordSource } from '../records/record-source.ts';
import { RecordView } from '../records/records.ts';
import type { StoredMeta } from '../wire/protocol.ts';

/** A stored message whose fields are decoded when asked for. */
export class StoredMessage extends RecordView implements LogMessage {
  readonly partition: number;
  #headers: Headers | undefined;

  constructor(input: RecordSource, base: number, first: number, partition: number) {
    super(input, base, first);
    this.partition = partition;
  }

  override get headers(): Headers {
    this.#headers ??= super.headers;
    return this.#headers;
  }
}

/** The messages of runs that follow each other in a body. */
export function storedMessages(runs: readonly StoredMeta[], body: Uint8Array, partition: number, from = 0): StoredMessage[] {
  const messages: StoredMessage[] = [];
  let at = 0;
  for (const { base, first, length } of runs) {
    const input = new RecordSource(body, at, at + length);
    while (input.position < input.end) {
      const message = new StoredMessage(input, base, first, partition);
      if (message.offset >= from) messages.push(message);
    }
    at += length;
  }
  return messages;
}
