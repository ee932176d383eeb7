import { KeyedExecutor } from '@millrace/messaging/policies';
import type { Clock } from '@millrace/core';
import { appError } from '../errors.ts';
import type { AppMessage } from '../runtime/message.ts';
import { collect } from './emission.ts';
import type { Next } from './next.ts';

/** What is counted for every app in a pipeline. */
export interface StageCounts {
  in: number;
  out: number;
  /** Runs that failed, including those that a later try made good. */
  failed: number;
  /** Messages that failed for good and were parked or skipped. */
  parked: number;
}

/** How an app's failures are treated. */
export interface StagePolicy {
  readonly app: string;
  readonly clock: Clock;
  /** Messages handled at once, across keys. */
  readonly concurrency: number;
  /** The pause before the next try, or `undefined` when there is none. */
  retryAfter(attempt: number, cause: unknown): number | undefined;
  /** Present if whoever pushed the message sees to its further tries: told of the failure, after which the message counts as done here. */
  readonly handBack?: ((message: AppMessage, cause: unknown) => void) | undefined;
  /** Puts a message away that failed for good; rejects if even that is impossible. */
  park(message: AppMessage, failure: { readonly cause: unknown; readonly attempts: number }): Promise<void>;
}

/** The first run of a message's handler, if it already happened. */
type FirstRun = () => unknown;

/** Messages without a key keep their order among themselves. */
const keyless = '\u0000keyless';

/**
 * One app in a chain. As long as its handler answers at once, a batch is a plain loop without promises. From the first failure or
 * asynchronous answer on, messages go through lanes: in order per key, concurrently across keys, a retry holding back only its own
 * key; when the lanes are empty the loop takes over again.
 */
export class Stage implements Next {
  readonly counts: StageCounts = { in: 0, out: 0, failed: 0, parked: 0 };
  readonly #handler: (message: AppMessage) => unknown;
  readonly #next: Next | undefined;
  readonly #policy: StagePolicy;
  readonly #lanes: KeyedExecutor;
  #abandoned = false;

  /** `next` is absent for sinks, whose answers mean nothing. */
  constructor(handler: (message: AppMessage) => unknown, next: Next | undefined, policy: StagePolicy) {
    this.#handler = handler;
    this.#next = next;
    this.#policy = policy;
    this.#lanes = new KeyedExecutor(policy.clock, policy.concurrency);
  }

  push(batch: readonly AppMessage[]): void | Promise<void> {
    this.counts.in += batch.length;
    return this.#lanes.size > 0 ? this.#inLanes(batch, 0) : this.#atOnce(batch);
  }

  /** Takes a batch whose handling was already tried elsewhere and failed: a single message counts that as its first try. */
  recover(batch: readonly AppMessage[], cause: unknown): Promise<void> {
    const failed: FirstRun = () => Promise.reject(cause instanceof Error ? cause : new Error(String(cause)));
    return this.#inLanes(batch, 0, batch.length === 1 ? failed : undefined);
  }

  /** Gives up on what waits to be tried again: it stays unacknowledged. */
  abandon(): void {
    this.#abandoned = true;
    this.#lanes.wake();
  }

  #atOnce(batch: readonly AppMessage[]): void | Promise<void> {
    const out: AppMessage[] = [];
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index]!;
      let result: unknown;
      try {
        result = this.#handler(message);
      } catch (cause) {
        return this.#leave(batch, index, out, () => {
          throw cause;
        });
      }
      if (result instanceof Promise) return this.#leave(batch, index, out, () => result);
      if (result === message) out.push(message);
      else if (result !== undefined && this.#next !== undefined) collect(result, message, out);
    }
    return this.#forward(out);
  }

  #leave(batch: readonly AppMessage[], index: number, out: readonly AppMessage[], first: FirstRun): Promise<void> {
    const before = this.#forward(out);
    const rest = this.#inLanes(batch, index, first);
    return before instanceof Promise ? Promise.all([before, rest]).then(() => undefined) : rest;
  }

  #forward(out: readonly AppMessage[]): void | Promise<void> {
    if (out.length === 0 || this.#next === undefined) return undefined;
    this.counts.out += out.length;
    return this.#next.push(out);
  }

  #inLanes(batch: readonly AppMessage[], from: number, first?: FirstRun): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let left = batch.length - from;
    const finished = () => {
      if (--left === 0) resolve();
    };
    for (let index = from; index < batch.length; index++) {
      const message = batch[index]!;
      this.#lanes.submit(message.key ?? keyless, this.#task(message, index === from ? first : undefined, finished, reject));
    }
    return promise;
  }

  #task(message: AppMessage, first: FirstRun | undefined, finished: () => void, fail: (error: unknown) => void) {
    let attempts = 0;
    return async () => {
      if (this.#abandoned) return fail(appError('STOPPED', { app: this.#policy.app }));
      attempts++;
      const run = attempts === 1 && first !== undefined ? first : () => this.#handler(message);
      try {
        this.#deliver(await run(), message, finished, fail);
      } catch (cause) {
        return this.#failed(message, { cause, attempts }, finished, fail);
      }
      return undefined;
    };
  }

  // What follows is waited for outside the lane: the next message of this key may already go on.
  #deliver(result: unknown, message: AppMessage, finished: () => void, fail: (error: unknown) => void): void {
    const out: AppMessage[] = [];
    if (this.#next !== undefined) collect(result, message, out);
    const pending = this.#forward(out);
    if (pending instanceof Promise) pending.then(finished, fail);
    else finished();
  }

  async #failed(
    message: AppMessage,
    failure: { readonly cause: unknown; readonly attempts: number },
    finished: () => void,
    fail: (error: unknown) => void,
  ): Promise<void | { readonly againAfterMs: number }> {
    this.counts.failed++;
    if (this.#policy.handBack !== undefined) {
      this.counts.in--;
      this.#policy.handBack(message, failure.cause);
      return finished();
    }
    const pause = this.#policy.retryAfter(failure.attempts, failure.cause);
    if (pause !== undefined) return { againAfterMs: pause };
    try {
      await this.#policy.park(message, failure);
      this.counts.parked++;
      finished();
    } catch (error) {
      fail(error);
    }
    return undefined;
  }
}
