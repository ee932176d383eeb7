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
  const end = new End();
  const reader = await StreamReader.open(link, stream, 'last', prefetch, end, patienceMs);
  try {
    await end.first(isFilled ? patienceMs : emptyAfterMs);
    for (let before: ConsumeMessage | undefined; end.last !== before;) {
      before = end.last!;
      reader.credit(before);
      await reader.fence();
      end.check();
    }
    if (end.last === undefined && isFilled) throw new Error('channel closed: the end of a stream did not come');
    return end.last;
  } finally {
    await reader.close();
  }
}

/** What came of a stream so far. */
class End {
  last: ConsumeMessage | undefined;
  #failure: { readonly problem: unknown } | undefined;
  #arrived: (() => void) | undefined;

  message(message: ConsumeMessage): void {
    this.last = message;
    this.#arrived?.();
  }

  ended(problem: unknown): void {
    this.#failure = { problem: problem ?? new Error('channel closed') };
    this.#arrived?.();
  }

  /** Waits for the first message, for no longer than this. */
  async first(ms: number): Promise<void> {
    if (this.last === undefined && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.check();
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure.problem;
  }
}
