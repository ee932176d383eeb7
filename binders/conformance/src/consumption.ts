import type { Delivery, DeliverySource } from '@millrace/messaging/binder';
import type { Kit } from './kit.ts';

/** How a {@link Consumption} deals with trouble. */
export interface ConsumptionOptions {
  /** Go on when an acknowledgement fails: what was not acknowledged comes again. For scenarios with faults. */
  readonly retry?: boolean;
}

/** A consumer at work: receives, hands each delivery to `handle`, acknowledges, until it is stopped. */
export class Consumption<D extends Delivery = Delivery> {
  readonly #kit: Kit;
  readonly #source: DeliverySource<D>;
  readonly #handle: (delivery: D) => void;
  readonly #retry: boolean;
  readonly #running: Promise<void>;
  #failure: unknown;

  constructor(kit: Kit, source: DeliverySource<D>, handle: (delivery: D) => void, options: ConsumptionOptions = {}) {
    this.#kit = kit;
    this.#source = source;
    this.#handle = handle;
    this.#retry = options.retry ?? false;
    this.#running = this.#run().catch((error: unknown) => void (this.#failure = error));
  }

  /** Closes the source; rejects with what went wrong while it ran. */
  async stop(): Promise<void> {
    await this.#kit.within(this.#source.close(), 'close of a consumer');
    await this.#kit.within(this.#running, 'receive of a closed consumer');
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #run(): Promise<void> {
    for (;;) {
      const batch = await this.#source.receive(20);
      if (batch.length === 0) return;
      for (const delivery of batch) this.#handle(delivery);
      await this.#acknowledge(batch);
    }
  }

  async #acknowledge(batch: readonly D[]): Promise<void> {
    try {
      await this.#source.ack(batch);
    } catch (error) {
      if (!this.#retry) throw error;
    }
  }
}
