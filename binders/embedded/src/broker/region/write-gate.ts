import type { Timer } from '@millrace/core';
import { raise } from '../../errors.ts';
import type { Call } from '../call.ts';
import type { BrokerContext } from '../context.ts';

type WriteCall = Call<'region.apply'> | Call<'region.clear'>;

/** The region, as far as its writers depend on it. */
interface Gated {
  readonly name: string;
  readonly watchers: Iterable<{ readonly blocksWriters: boolean }>;
}

interface Waiting {
  readonly call: WriteCall;
  readonly go: () => void;
  readonly timer: Timer;
}

/** How long writers wait for a watcher that asked them to, in milliseconds. */
const patienceMs = 30_000;

/** Holds writers back while a watcher that chose `block` is too far behind. */
export class WriteGate {
  readonly #context: BrokerContext;
  readonly #region: Gated;
  #waiting: Waiting[] = [];

  constructor(context: BrokerContext, region: Gated) {
    this.#context = context;
    this.#region = region;
  }

  /** Runs `go` now, or once the watchers have caught up. */
  pass(call: WriteCall, go: () => void): void {
    if (this.#waiting.length === 0 && this.#open) return go();
    const timer = this.#context.clock.after(patienceMs, () => {
      this.#remove(call);
      call.fail(raise('WATCHER_BLOCKS', { region: this.#region.name, seconds: patienceMs / 1000 }));
    });
    this.#waiting.push({ call, go, timer });
    call.onCancel(() => {
      timer.cancel();
      this.#remove(call);
    });
  }

  /** To be called when a watcher moved on or went. */
  reconsider(): void {
    while (this.#waiting.length > 0 && this.#open) {
      const { call, go, timer } = this.#waiting.shift()!;
      timer.cancel();
      try {
        go();
      } catch (error) {
        call.fail(error);
      }
    }
  }

  dropped(): void {
    for (const { call, timer } of this.#waiting) {
      timer.cancel();
      call.fail(raise('DESTINATION_UNKNOWN', { destination: this.#region.name }));
    }
    this.#waiting = [];
  }

  get #open(): boolean {
    for (const watcher of this.#region.watchers) if (watcher.blocksWriters) return false;
    return true;
  }

  #remove(call: WriteCall): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.call !== call);
  }
}
