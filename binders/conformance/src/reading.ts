import assert from 'node:assert/strict';
import type { LogMessage } from '@millrace/messaging/binder';
import type { Kit } from './kit.ts';

/** Reads a partition from `from` (default: its start) until it ends. */
export async function readAll(
  kit: Kit,
  destination: string,
  from?: number,
  maxBytes?: number,
  partition = 0,
): Promise<readonly LogMessage[]> {
  const bounds = (await kit.within(kit.log.partitions(destination), 'partitions')).find((each) => each.partition === partition);
  const got: LogMessage[] = [];
  for (let next = from ?? bounds!.earliest; ;) {
    const slice = await kit.within(kit.log.read(destination, partition, next, { maxBytes }), 'read');
    if (slice.messages.length === 0) return got;
    assert.ok(slice.messages[0]!.offset >= next, `a read from ${next} began with ${slice.messages[0]!.offset}`);
    assert.ok(slice.next > slice.messages.at(-1)!.offset, 'next lies after the last message');
    got.push(...slice.messages);
    next = slice.next;
  }
}
