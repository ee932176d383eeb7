import type {
  Binder,
  BinderCapabilities,
  BinderListener,
  LogFacet,
  ParkingFacet,
  QueueFacet,
  RegionFacet,
  TransactionFacet,
} from '@millrace/messaging/binder';
import { kitError } from './errors.ts';
import type { Broker, Limits, Settings, Timeouts } from './harness.ts';

/** What every scenario of a run shares. */
export interface Run {
  readonly broker: Broker;
  readonly settings: Settings;
  /** A destination name that no other scenario of the run gets. */
  uniqueName(hint: string): string;
}

/** What one scenario works with: clients of the broker, names of its own, time, and patience. */
export class Kit {
  readonly #run: Run;
  readonly #clients: Binder[] = [];
  #binder: Binder | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Opens the scenario's first client. */
  async open(): Promise<void> {
    this.#binder = await this.client();
  }

  /** The scenario's first client, open. */
  get binder(): Binder {
    if (this.#binder === undefined) throw new TypeError('Kit.open was not called');
    return this.#binder;
  }

  get can(): BinderCapabilities {
    return this.binder.capabilities;
  }

  get log(): LogFacet {
    return this.#facet('log', this.binder.log);
  }

  get queue(): QueueFacet {
    return this.#facet('queue', this.binder.queue);
  }

  get region(): RegionFacet {
    return this.#facet('region', this.binder.region);
  }

  get parking(): ParkingFacet {
    return this.#facet('parking', this.binder.parking);
  }

  get transactions(): TransactionFacet {
    return this.#facet('transactions', this.binder.transactions);
  }

  get broker(): Broker {
    return this.#run.broker;
  }

  get limits(): Limits {
    return this.#run.settings.limits;
  }

  get timeouts(): Timeouts {
    return this.#run.settings.timeouts;
  }

  /** Another client of the same broker, open; closed when the scenario ends. */
  async client(listener?: BinderListener): Promise<Binder> {
    const binder = await this.#run.broker.connect();
    this.#clients.push(binder);
    await this.within(binder.open(listener), 'open');
    return binder;
  }

  /** A client whose server does not exist, not opened; for scenarios that need `connectNowhere`. */
  async unreachableClient(): Promise<Binder> {
    if (this.broker.connectNowhere === undefined) throw new TypeError('the harness has no connectNowhere');
    return this.broker.connectNowhere();
  }

  /** A name that only this scenario uses. */
  name(hint = 'd'): string {
    return this.#run.uniqueName(hint);
  }

  /** Now, as the broker sees it, in milliseconds since the epoch. */
  now(): number {
    return this.broker.clock?.now() ?? Date.now();
  }

  /** Lets `ms` milliseconds go by: by moving the broker's clock where it can be moved, by waiting otherwise. */
  async pass(ms: number): Promise<void> {
    const { clock } = this.broker;
    if (clock === undefined) return sleep(ms);
    // What is already under way happens before the time that is about to pass.
    await turns(5);
    await clock.advance(ms);
    return turns(5);
  }

  /** The promise's result; `not-settled` when it takes longer than `ms` of real time (default `settleMs`). */
  async within<T>(promise: Promise<T>, what: string, ms: number = this.timeouts.settleMs): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(kitError('NOT_SETTLED', { what, ms })), ms);
    });
    try {
      return await Promise.race([promise, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Work that goes on beside the scenario and is awaited later: if the scenario fails first, its failure is not unhandled. */
  meanwhile<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return work;
  }

  /** Waits until `check` says yes; asked every few milliseconds for at most `ms` (default `settleMs`). */
  async eventually(what: string, check: () => boolean | Promise<boolean>, ms: number = this.timeouts.settleMs): Promise<void> {
    const deadline = performance.now() + ms;
    while (!(await this.within(Promise.resolve(check()), what, ms))) {
      if (performance.now() > deadline) throw kitError('NOT_REACHED', { what, ms });
      await sleep(5);
    }
  }

  /** Closes every client, the last one first. */
  async close(): Promise<void> {
    for (const client of this.#clients.reverse()) await this.within(client.close(), 'close at the end of the scenario');
  }

  #facet<T>(facet: string, value: T | undefined): T {
    if (value === undefined) throw kitError('FACET_MISSING', { facet });
    return value;
  }
}

/** Real time, whatever the broker's clock says. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
