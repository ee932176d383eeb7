import { messageOf } from '@millrace/core';
import { headerNames, type Binder, type Headers, type RegionBinding } from '../binder/index.ts';
import { type IdempotencyStore, MemoryIdempotencyStore } from '../policies/idempotent.ts';
import { wasRedrivenElsewhere } from '../policies/redrive-headers.ts';
import type { Log } from '../runtime/log.ts';
import type { Tracked } from './partition-state.ts';
import type { Processor, Session } from './session.ts';

/** Where it is recorded which re-driven messages were handled, on binders with regions. */
const regionName = 'millrace-redriven';
const rememberMs = 7 * 24 * 3600 * 1000;

/** The id under which a message was re-driven to this destination; `undefined` for all others. */
export function redriveIdOf({ delivery }: Tracked, destination: string): string | undefined {
  return redriveHeader(delivery.headers, headerNames.redriveId, destination);
}

function redriveHeader(headers: Headers, name: string, destination: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && !wasRedrivenElsewhere(headers, destination) ? value : undefined;
}

/**
 * Remembers which re-driven messages a group has handled, so that one which was sent twice, because a re-drive broke off between
 * sending and removing it, is handled once. Durable where the binder has regions with time-to-live, else in memory.
 */
export class RedriveRecord {
  readonly #group: string;
  readonly #log: Log;
  #store: Promise<IdempotencyStore> | undefined;

  constructor(destination: string, group: string, log: Log) {
    this.#group = `${destination}/${group}`;
    this.#log = log;
  }

  async has(binder: Binder, id: string): Promise<boolean> {
    try {
      return await (await this.#opened(binder)).has(`${this.#group}/${id}`);
    } catch (error) {
      // Better twice than never.
      this.#log('warn', `it is unknown whether a re-driven message of '${this.#group}' was handled before: ${messageOf(error)}`);
      return false;
    }
  }

  async add(binder: Binder, id: string): Promise<void> {
    try {
      await (await this.#opened(binder)).add(`${this.#group}/${id}`);
    } catch (error) {
      this.#log('warn', `a re-driven message of '${this.#group}' was handled but not recorded: ${messageOf(error)}`);
    }
  }

  #opened(binder: Binder): Promise<IdempotencyStore> {
    this.#store ??= openStore(binder);
    this.#store.catch(() => (this.#store = undefined));
    return this.#store;
  }
}

async function openStore(binder: Binder): Promise<IdempotencyStore> {
  const { region } = binder.capabilities;
  if (binder.region === undefined || region === false || !region.timeToLive) return new MemoryIdempotencyStore();
  return new RegionRecord(await binder.region.open(regionName));
}

class RegionRecord implements IdempotencyStore {
  readonly #region: RegionBinding;

  constructor(region: RegionBinding) {
    this.#region = region;
  }

  async has(id: string): Promise<boolean> {
    const [entry] = await this.#region.get([id]);
    return entry !== undefined;
  }

  async add(id: string): Promise<void> {
    const value = Buffer.from('true');
    const [outcome] = await this.#region.apply([{ key: id, value, contentType: 'application/json', timeToLiveMs: rememberMs }]);
    if (outcome?.applied === false && outcome.error !== undefined) throw outcome.error;
  }
}

/** Which messages that were re-driven are meant for a subscription. */
export interface RedriveTarget {
  readonly destination: string;
  readonly group: string;
  readonly redriven: RedriveRecord;
}

/**
 * Stands before a processor: lets events pass, except those re-driven for another group, which this one has handled long ago, and
 * those re-driven twice.
 */
export class RedriveGate implements Processor {
  readonly #inner: Processor;
  readonly #destination: string;
  readonly #group: string;
  readonly #record: RedriveRecord;

  constructor(inner: Processor, { destination, group, redriven }: RedriveTarget) {
    this.#inner = inner;
    this.#destination = destination;
    this.#group = group;
    this.#record = redriven;
  }

  accept(tracked: Tracked, session: Session): void {
    const group = redriveHeader(tracked.delivery.headers, headerNames.redriveGroup, this.#destination);
    if (group === undefined) this.#inner.accept(tracked, session);
    else if (group !== this.#group) session.finish(tracked);
    else void this.#acceptOnce(tracked, session);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  wake(): void {
    this.#inner.wake();
  }

  outside<R>(waiting: Promise<R>): Promise<R> {
    return this.#inner.outside(waiting);
  }

  async #acceptOnce(tracked: Tracked, session: Session): Promise<void> {
    const id = redriveIdOf(tracked, this.#destination);
    if (id !== undefined && (await this.#record.has(session.binder, id))) session.finish(tracked);
    else this.#inner.accept(tracked, session);
  }
}
