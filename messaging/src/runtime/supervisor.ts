import { messageOf, MillraceError, type Clock, type Timer } from '@millrace/core';
import { raise } from '../errors.ts';
import { delay } from '../policies/deadline.ts';
import type { Counter } from '../policies/metrics.ts';
import { jittered } from '../policies/retry.ts';
import type { Log } from './log.ts';

/** One attachment of a consumer. `ended` resolves when it was stopped on purpose and rejects when it died. */
export interface Life {
  readonly ended: Promise<void>;
}

/** What is to be kept alive. */
export interface Supervised {
  /** For the log: `subscription 'readings/alerts'`. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly restarts: Counter;
  /** Attaches the consumer anew. The signal is aborted when supervision ends. */
  readonly attach: (signal: AbortSignal) => Promise<Life>;
}

const firstPauseMs = 100;
const longestPauseMs = 30_000;
/** A consumer that dies sooner after it was attached was never up. */
const provenMs = 1000;
/** Failed attempts in a row after which a consumer counts as down; it is tried for ever. */
const downAfter = 5;

/** Attaches a consumer again, with back-off, whenever it dies, and says how it is. */
export class Supervisor {
  readonly #supervised: Supervised;
  readonly #stop = new AbortController();
  #failures = 0;
  #error: MillraceError | undefined;
  #proof: Timer | undefined;

  constructor(supervised: Supervised) {
    this.#supervised = supervised;
  }

  get status(): 'up' | 'recovering' | 'down' | 'closed' {
    if (this.#stop.signal.aborted) return 'closed';
    if (this.#error === undefined) return 'up';
    return this.#failures < downAfter ? 'recovering' : 'down';
  }

  /** Why it is not up. */
  get error(): MillraceError | undefined {
    return this.#error;
  }

  /** Attaches for the first time; a failure is the caller's. From then on deaths are cured here. */
  async start(): Promise<void> {
    const life = await this.#supervised.attach(this.#stop.signal);
    void this.#watch(life);
  }

  /** Ends supervision; the current life is the caller's to end. */
  stop(): void {
    this.#proof?.cancel();
    this.#stop.abort();
  }

  async #watch(first: Life): Promise<void> {
    let life: Life | undefined = first;
    while (life !== undefined) {
      life = await life.ended.then(
        () => undefined,
        (error: unknown) => this.#recover(error),
      );
    }
  }

  async #recover(cause: unknown): Promise<Life | undefined> {
    let error = cause;
    while (!this.#stop.signal.aborted) {
      this.#failed(error);
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#failures - 1));
      await delay(this.#supervised.clock, jittered(pause, 0.2), this.#stop.signal);
      if (this.#stop.signal.aborted) break;
      try {
        return await this.#attachAgain();
      } catch (again) {
        error = again;
      }
    }
    return undefined;
  }

  async #attachAgain(): Promise<Life> {
    const life = await this.#supervised.attach(this.#stop.signal);
    this.#supervised.restarts.inc();
    this.#proof = this.#supervised.clock.after(provenMs, () => this.#isUp());
    return life;
  }

  #isUp(): void {
    this.#supervised.log('info', `${this.#supervised.name} is up again`);
    this.#failures = 0;
    this.#error = undefined;
  }

  #failed(error: unknown): void {
    this.#proof?.cancel();
    this.#failures++;
    const { name, log } = this.#supervised;
    this.#error = error instanceof MillraceError ? error : raise('CONSUMER_FAILED', { name, problem: messageOf(error) }, error);
    log('error', `${name} died and is attached again: ${messageOf(error)}`, {
      failures: this.#failures,
    });
  }
}
