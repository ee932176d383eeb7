import type { ConsumeMessage } from 'amqplib';
import type { Link } from '../client/link.ts';
import { offsetOf, StreamReader } from './stream-reader.ts';

/** How long the first message of a stream that holds any may take to come, in milliseconds. */
const emptyAfterMs = 400;
const prefetch = 2000;

/** The offset of a stream's last message now; `undefined` where it holds none. See {@link lastMessage}. */
export async function lastOffset(link: Link, stream: string, patienceMs: number, isFilled = false): Promise<number | undefined> {
  const last = await lastMessage(link, stream, patienceMs, isFilled);
  return last && offsetOf(last);
}

/**
 * A stream's last message now; `undefined` where it holds none. The server does not tell where a stream ends, so its last chunk is read.
 * `isFilled` says that the stream is known to hold messages, which then are waited for.
 */
export async function lastMessage(
  link: Link,
  stream: string,
  patienceMs: number,
  isFilled = false,
): Promise<ConsumeMessage | undefined> {
  let last: ConsumeMessage | undefined;
  let arrived: (() => void) | undefined;
  let failure: { readonly problem: unknown } | undefined;
  const events = {
    message: (message: ConsumeMessage) => {
      last = message;
      arrived?.();
    },
    ended: (problem: unknown) => {
      failure = { problem: problem ?? new Error('channel closed') };
      arrived?.();
    },
  };
  const reader = await StreamReader.open(link, stream, 'last', prefetch, events, patienceMs);
  try {
    await new Promise<void>((resolve) => {
      arrived = resolve;
      if (last !== undefined || failure !== undefined) return resolve();
      setTimeout(resolve, isFilled ? patienceMs : emptyAfterMs);
    });
    for (let before: ConsumeMessage | undefined; last !== before && failure === undefined;) {
      before = last;
      reader.credit(before!);
      await reader.fence();
    }
    if (failure !== undefined) throw failure.problem;
    if (last === undefined && isFilled) throw new Error('channel closed: the end of a stream did not come');
    return last;
  } finally {
    await reader.close();
  }
}
