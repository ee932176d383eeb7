import type { Binder, RegionBinding, RegionCapabilities } from '../binder/index.ts';
import type { Region } from '../definitions.ts';
import { binderError, raise } from '../errors.ts';
import { delay } from '../policies/deadline.ts';
import type { Deadlines } from '../policies/deadlines.ts';
import type { Services } from '../runtime/services.ts';
import { EntryReader } from './entry-reader.ts';
import { EntryWriter } from './entry-writer.ts';

/** A region that is open on its binder, with what coalesces access to it. */
export interface OpenRegion {
  readonly binder: Binder;
  readonly can: RegionCapabilities;
  readonly binding: RegionBinding;
  readonly reader: EntryReader;
  readonly writer: EntryWriter;
}

/** What all regions of one runtime share. */
export interface RegionServices {
  readonly services: Services;
  readonly deadlines: Deadlines;
  /** Marks the changes made through this runtime, so that its watches can leave them out: its name and something unique. */
  readonly origin: string;
}

/** The way to one region: opened at first use, tried again if that failed. */
export class RegionRoute {
  readonly #shared: RegionServices;
  readonly #region: Region<never>;
  #opening: Promise<OpenRegion> | undefined;
  #closed = false;

  constructor(shared: RegionServices, region: Region<never>) {
    this.#shared = shared;
    this.#region = region;
  }

  /** `UNSUPPORTED` when the binder has no regions. */
  open(): Promise<OpenRegion> {
    if (this.#closed) return Promise.reject(raise('RUNTIME_CLOSED', { operation: `use region '${this.#region.name}'` }));
    if (this.#opening === undefined) {
      this.#opening = this.#open();
      this.#opening.catch(() => (this.#opening = undefined));
    }
    return this.#opening;
  }

  /** Settles the writes under way, for as long as closing may take, then detaches. */
  async close(): Promise<void> {
    this.#closed = true;
    const opened = await this.#opening?.catch(() => undefined);
    if (opened === undefined) return;
    const { clock, defaults } = this.#shared.services;
    const over = new AbortController();
    await Promise.race([opened.writer.idle(), delay(clock, defaults.closeDeadlineMs, over.signal)]);
    over.abort();
    await opened.binding.close();
  }

  async #open(): Promise<OpenRegion> {
    const { services, deadlines, origin } = this.#shared;
    const { name, options } = this.#region;
    const binder = await services.binderFor(this.#region);
    const can = binder.capabilities.region;
    if (binder.region === undefined || can === false)
      throw raise('FACET_MISSING', { binder: binder.name, facet: 'region', operation: 'a region', destination: name });
    try {
      const binding = await binder.region.open(name, { changeRetentionMs: options.changeRetentionMs });
      const { clock, defaults } = services;
      const access = { binder, binding, clock, deadlines, deadlineMs: defaults.deadlineMs, origin };
      return { binder, can, binding, reader: new EntryReader(access), writer: new EntryWriter(access) };
    } catch (error) {
      throw binderError(binder, `open region '${name}'`, error);
    }
  }
}
