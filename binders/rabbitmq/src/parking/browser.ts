import type { Channel, ConsumeMessage } from 'amqplib';
import { closeChannel, openChannel } from '../client/admin.ts';
import type { Link } from '../client/link.ts';

/** More than anybody looks through; what lies behind them comes when these are gone. */
const mostMessages = 20_000;
/** How long the rest of what the server counted may take to come. */
const quietMs = 500;

/** Takes what lies in a queue, lets `choose` say which to remove, and gives the rest back. Resolves with what `choose` gave. */
export async function browse<T>(
  link: Link,
  queue: string,
  patienceMs: number,
  choose: (messages: readonly ConsumeMessage[]) => { readonly result: T; readonly remove: readonly ConsumeMessage[] },
): Promise<T> {
  const channel = await openChannel(link, patienceMs);
  try {
    const messages = await taken(channel, queue);
    const { result, remove } = choose(messages.messages);
    const removed = new Set(remove);
    for (const message of messages.messages) {
      if (removed.has(message)) channel.ack(message);
      else channel.nack(message, false, true);
    }
    // Without this the server may forget acknowledgements that are under way when the channel ends.
    await channel.cancel(messages.tag);
    return result;
  } finally {
    await closeChannel(channel);
  }
}

async function taken(channel: Channel, queue: string): Promise<{ readonly messages: ConsumeMessage[]; readonly tag: string }> {
  const { messageCount } = await channel.checkQueue(queue);
  const wanted = Math.min(messageCount, mostMessages);
  const messages: ConsumeMessage[] = [];
  let arrived: (() => void) | undefined;
  await channel.prefetch(mostMessages);
  const { consumerTag: tag } = await channel.consume(queue, (message) => {
    if (message !== null) messages.push(message);
    arrived?.();
  });
  while (messages.length < wanted && (await inTime((resolve) => (arrived = resolve))));
  return { messages: messages.slice(), tag };
}

/** Whether it was called within the time. */
function inTime(wait: (resolve: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), quietMs);
    wait(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
