import type { AppMessage } from '../runtime/message.ts';
import type { Next } from './next.ts';
import { Stage } from './stage.ts';
import type { StageCounts, StagePolicy } from './stage.ts';

interface Waiting {
  readonly batch: readonly AppMessage[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A sink that takes batches, one at a time: what arrives while it works is joined into its next batch, so that a slow, durable write
 * is shared by all who wait for it. A batch that fails is handled again message by message, each with its own retries.
 */
export class BatchStage implements Next {
  readonly #handleBatch: (messages: readonly AppMessage[]) => void | Promise<void>;
  readonly #single: Stage;
  readonly #maxBatch: number;
  readonly #waiting: Waiting[] = [];
  #busy = false;
  #in = 0;

  constructor(handleBatch: (messages: readonly AppMessage[]) => void | Promise<void>, policy: StagePolicy, maxBatch = 10_000) {
    this.#handleBatch = handleBatch;
    this.#single = new Stage((message) => handleBatch([message]), undefined, policy);
    this.#maxBatch = maxBatch;
  }

  get counts(): StageCounts {
    // What was handed back will come in again.
    return { ...this.#single.counts, in: this.#in + this.#single.counts.in };
  }

  push(batch: readonly AppMessage[]): void | Promise<void> {
    this.#in += batch.length;
    if (this.#busy) return this.#wait(batch);
    try {
      const result = this.#handleBatch(batch);
      if (!(result instanceof Promise)) return undefined;
      this.#busy = true;
      return this.#first(batch, result);
    } catch (cause) {
      this.#busy = true;
      return this.#first(batch, Promise.reject(cause));
    }
  }

  abandon(): void {
    this.#single.abandon();
  }

  #wait(batch: readonly AppMessage[]): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ batch, resolve, reject }));
  }

  async #first(batch: readonly AppMessage[], running: Promise<void>): Promise<void> {
    try {
      await this.#settle(batch, running);
    } finally {
      void this.#goOn();
    }
  }

  async #goOn(): Promise<void> {
    for (let group = this.#take(); group.length > 0; group = this.#take()) {
      const messages = group.length === 1 ? group[0]!.batch : group.flatMap((each) => each.batch);
      try {
        await this.#settle(messages, this.#run(messages));
        for (const each of group) each.resolve();
      } catch (error) {
        for (const each of group) each.reject(error);
      }
    }
    this.#busy = false;
  }

  async #run(messages: readonly AppMessage[]): Promise<void> {
    await this.#handleBatch(messages);
  }

  async #settle(messages: readonly AppMessage[], running: Promise<void>): Promise<void> {
    try {
      await running;
    } catch (cause) {
      await this.#single.recover(messages, cause);
    }
  }

  #take(): Waiting[] {
    let size = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || size + this.#waiting[count]!.batch.length <= this.#maxBatch)) {
      size += this.#waiting[count++]!.batch.length;
    }
    return this.#waiting.splice(0, count);
  }
}
