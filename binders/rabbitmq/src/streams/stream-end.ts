import type { ConsumeMessage } from 'amqplib';
import type { Link } from '../client/link.ts';
import { StreamReader } from './stream-reader.ts';

/** How long the first message of a stream that holds any may take to come, in milliseconds. */
const emptyAfterMs = 400;
const prefetch = 2000;

/**
 * The offset of a stream's last message now; `undefined` where it holds none. The server does not tell it, so the last chunk is read.
 * `isFilled` says that the stream is known to hold messages, which then are waited for.
 */
export async function lastOffset(link: Link, stream: string, patienceMs: number, isFilled = false): Promise<number | undefined> {
  let last: number | undefined;
  let arrived: (() => void) | undefined;
  let failure: { readonly problem: unknown } | undefined;
  let uncredited: ConsumeMessage | undefined;
  const events = {
    message: (message: ConsumeMessage, offset: number) => {
      last = offset;
      uncredited = message;
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
    for (let before = -1; last !== undefined && last !== before && failure === undefined;) {
      before = last;
      if (uncredited !== undefined) reader.credit(uncredited);
      await reader.fence();
    }
    if (failure !== undefined) throw failure.problem;
    return last;
  } finally {
    await reader.close();
  }
}
