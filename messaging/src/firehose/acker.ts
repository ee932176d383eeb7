import { messageOf, type Clock } from '@millrace/core';
import type { ConsumerBinding, Delivery } from '../binder/index.ts';
import { delay } from '../policies/deadline.ts';
import type { Log } from '../runtime/log.ts';

export interface AckerOptions {
  readonly binding: ConsumerBinding;
  readonly cumulative: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const retryAfterMs = 500;

/**
 * Acknowledges what is finished: one request at a time, each with everything that finished since the last. A request that fails is
 * repeated, with what came meanwhile, until the consumer ends; what was not acknowledged then comes again.
 */
export class Acker {
  readonly #options: AckerOptions;
  readonly #stop = new AbortController();
  #pending = new Map<string | number, Delivery>();
  #running: Promise<void> | undefined;

  constructor(options: AckerOptions) {
    this.#options = options;
  }

  add(delivery: Delivery): void {
    this.#pending.set(this.#key(delivery), delivery);
    this.#running ??= this.#run();
  }

  /** Resolves when everything added has been acknowledged, or the acker was stopped. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Gives up on what is not acknowledged. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    // Everything that finishes in this turn of the event loop goes along.
    await Promise.resolve();
    while (this.#pending.size > 0 && !this.#stop.signal.aborted) await this.#send();
    this.#running = undefined;
  }

  async #send(): Promise<void> {
    const batch = this.#pending;
    this.#pending = new Map();
    const { binding, clock, log } = this.#options;
    try {
      await binding.ack([...batch.values()]);
    } catch (error) {
      this.#pending = new Map([...batch, ...this.#pending]);
      log('warn', `events of '${binding.destination}' could not be acknowledged and are again: ${messageOf(error)}`);
      await delay(clock, retryAfterMs, this.#stop.signal);
    }
  }

  /** Where acknowledgement is cumulative, a later delivery of the partition stands for all before it. */
  #key(delivery: Delivery): string | number {
    return this.#options.cumulative ? delivery.partition : `${delivery.partition}/${delivery.offset}`;
  }
}
