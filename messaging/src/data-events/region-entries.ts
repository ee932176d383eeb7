import { MillraceError, recode } from '@millrace/core';
import {
  compileWhere,
  type ChangeOutcome,
  type Predicate,
  type RegionChange,
  type Where,
  type WireEntry,
} from '../binder/index.ts';
import type { Region } from '../definitions.ts';
import { binderError, raise } from '../errors.ts';
import { withDeadline } from '../policies/deadline.ts';
import { checkMs } from '../policies/option-checks.ts';
import { EntryCoder } from './entry-coder.ts';
import { mergePatch } from './merge-patch.ts';
import type { Entry, PutOptions, TypedFilter } from './region-handle.ts';
import type { OpenRegion, RegionRoute, RegionServices } from './region-route.ts';

const pageSize = 500;
const patchTries = 50;

/** A condition as a user writes it, as it crosses the binder boundary. `INVALID_ARGUMENT` when it is none. */
export function toWhere<V>(where: TypedFilter<V> | string): { readonly where: Where; readonly matches: Predicate } {
  const wire = (typeof where === 'string' ? { expression: where } : { filter: where }) as Where;
  return { where: wire, matches: compileWhere(wire) };
}

/** Reading and writing the entries of one region; see {@link RegionHandle}. */
export class RegionEntries<V> {
  readonly coder: EntryCoder<V>;
  readonly #shared: RegionServices;
  readonly #region: Region<V>;
  readonly #route: RegionRoute;

  constructor(shared: RegionServices, region: Region<V>, route: RegionRoute) {
    this.#shared = shared;
    this.#region = region;
    this.#route = route;
    this.coder = new EntryCoder(region.name, region.options, shared.services.codecs);
  }

  async getEntry(key: string): Promise<Entry<V> | undefined> {
    const { reader } = await this.#route.open();
    const entry = await reader.get(key);
    return entry === undefined ? undefined : this.#entry(entry);
  }

  async getAll(keys: readonly string[]): Promise<ReadonlyMap<string, V>> {
    const { reader } = await this.#route.open();
    const entries = await Promise.all(keys.map((key) => reader.get(key)));
    const found = new Map<string, V>();
    for (const entry of entries)
      if (entry !== undefined) found.set(entry.key, await this.coder.decode(entry.value, entry.contentType));
    return found;
  }

  async put(key: string, value: V, options: PutOptions = {}): Promise<{ readonly version: number }> {
    return { version: this.#applied(key, await this.#put(key, value, options)).version };
  }

  async putAll(entries: Iterable<readonly [string, V]>, options: PutOptions = {}): Promise<void> {
    const puts = Array.from(entries, ([key, value]) => this.put(key, value, options));
    const results = await Promise.allSettled(puts);
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ index, reason: result.reason as Error }] : [],
    );
    if (failed.length === 0) return;
    const facts = { region: this.#region.name, count: failed.length, total: puts.length, problem: failed[0]!.reason.message };
    const { reason } = failed[0]!;
    const error = raise('ENTRIES_NOT_PUT', { ...facts, failed: failed.map(({ index }) => index) }, reason);
    throw reason instanceof MillraceError ? recode(error, reason.code) : error;
  }

  async putIfAbsent(key: string, value: V, options: PutOptions = {}): Promise<boolean> {
    const outcome = await this.#put(key, value, options, 0);
    return outcome.applied;
  }

  async replace(key: string, version: number, value: V, options: PutOptions = {}): Promise<{ readonly version: number }> {
    const outcome = await this.#put(key, value, options, version);
    return { version: this.#applied(key, outcome, version).version };
  }

  async patch(key: string, change: Partial<V>, options: PutOptions = {}): Promise<{ readonly version: number }> {
    for (let attempt = 1; attempt <= patchTries; attempt++) {
      const { reader } = await this.#route.open();
      const entry = await reader.get(key);
      if (entry === undefined) throw raise('ENTRY_MISSING', { region: this.#region.name, key });
      const patched = mergePatch(this.coder.read(entry.value, entry.contentType), change) as V;
      const outcome = await this.#put(key, patched, options, entry.version);
      if (outcome.applied) return { version: outcome.version };
    }
    throw raise('ENTRY_CONTENDED', { region: this.#region.name, key, attempts: patchTries });
  }

  async delete(key: string): Promise<boolean> {
    const { writer } = await this.#route.open();
    const outcome = await writer.apply({ key, value: null });
    return outcome.applied && outcome.existed;
  }

  clear(): Promise<void> {
    return this.#run('clear', ({ binding }) => binding.clear({ origin: this.#shared.origin }));
  }

  count(): Promise<number> {
    return this.#run('count', ({ binding }) => binding.count());
  }

  /** Pages through the region; entries that change meanwhile are seen as they are when their page is read. */
  async *query(where?: TypedFilter<V> | string): AsyncGenerator<Entry<V>> {
    const condition = where === undefined ? undefined : toWhere(where);
    const { can } = await this.#route.open();
    const there = can.where === 'broker' && this.coder.isJson;
    const selector = there && condition !== undefined ? { where: condition.where } : {};
    const matches = there ? undefined : condition?.matches;
    let after: string | undefined;
    for (;;) {
      const page = await this.#run('query', ({ binding }) => binding.scan(selector, after, pageSize));
      if (page.length === 0) return;
      for (const entry of page)
        if (matches?.(this.coder.read(entry.value, entry.contentType)) ?? true) yield await this.#entry(entry);
      after = page.at(-1)!.key;
    }
  }

  async #put(key: string, value: V, options: PutOptions, ifVersion?: number): Promise<ChangeOutcome> {
    const timeToLiveMs = options.timeToLiveMs ?? this.#region.options.timeToLiveMs;
    checkMs('timeToLiveMs', timeToLiveMs, 1);
    // Events that concern no entry have the empty key.
    if (key === '') throw raise('KEY_EMPTY', { region: this.#region.name });
    const { writer, can, binder } = await this.#route.open();
    const need = (option: string, isThere: boolean): void => {
      if (!isThere) throw raise('OPTION_UNSUPPORTED', { binder: binder.name, option, destination: this.#region.name });
    };
    if (timeToLiveMs !== undefined) need('timeToLiveMs', can.timeToLive);
    if (ifVersion !== undefined) need('a condition on the version', can.versions);
    const change: RegionChange = {
      key,
      ...(await this.coder.encode(key, value)),
      timeToLiveMs,
      ifVersion,
      metadata: options.metadata,
    };
    return writer.apply(change);
  }

  #applied(key: string, outcome: ChangeOutcome, expected = 0): ChangeOutcome {
    if (outcome.applied) return outcome;
    throw raise('ENTRY_CONFLICT', { region: this.#region.name, key, version: outcome.version, expected });
  }

  async #entry(entry: WireEntry): Promise<Entry<V>> {
    const { key, version, time } = entry;
    return { key, value: await this.coder.decode(entry.value, entry.contentType), version, time };
  }

  async #run<R>(operation: string, work: (region: OpenRegion) => Promise<R>): Promise<R> {
    const region = await this.#route.open();
    const { clock, defaults } = this.#shared.services;
    const limit = { clock, ms: defaults.deadlineMs, operation: `${operation} on region '${this.#region.name}'` };
    try {
      return await withDeadline(limit, () => work(region));
    } catch (error) {
      throw binderError(region.binder, limit.operation, error);
    }
  }
}
