import { randomUUID } from 'node:crypto';
import type { DestinationInfo, DestinationSpec } from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import type { BrokerContext } from './context.ts';
import { lostRange } from './lost-range.ts';
import { maxPartitions } from '../wire/protocol.ts';
import { LogDestination } from './log/log-destination.ts';
import type { StoredDestination } from './log/log-destination.ts';
import { Queue } from './queue/queue.ts';
import { Region } from './region/region.ts';

export type Destination = LogDestination | Queue | Region;

/** The catalogue of destinations. Changes are part of the next commit; a caller answers after it. */
export class Destinations {
  readonly #context: BrokerContext;
  readonly #byName = new Map<string, Destination>();
  /** Those whose state cannot be made out; they are refused as a whole. */
  readonly #damaged = new Map<string, { readonly stored: StoredDestination; readonly error: unknown }>();
  #lastId = 0;

  constructor(context: BrokerContext) {
    this.#context = context;
    for (const [key, value] of context.control.entries('d|')) this.#recover(key.slice(2), value as StoredDestination);
    this.#lastId = Math.max((context.control.get('ids') as number | undefined) ?? 0, ...this.#usedIds());
  }

  /** Throws `DESTINATION_DAMAGED` for one whose state cannot be made out. */
  find(name: string): Destination | undefined {
    const damaged = this.#damaged.get(name);
    if (damaged !== undefined) throw raise('DESTINATION_DAMAGED', { destination: name }, damaged.error);
    return this.#byName.get(name);
  }

  /** Of all destinations, the damaged ones too. */
  infos(): readonly DestinationInfo[] {
    const damaged = [...this.#damaged].map(([name, { stored }]): DestinationInfo => {
      return { ...stored.spec, name, kind: stored.kind, partitions: stored.kind === 'log' ? stored.streams.length : 1 };
    });
    return [...Array.from(this.#byName.values(), ({ info }) => info), ...damaged];
  }

  /** Which destination a stream of the journal belongs to, for people. */
  holderOf(stream: number): string | undefined {
    const stored = [...this.#byName, ...this.#damaged].map(([name, each]) => [name, each.stored] as const);
    for (const [name, { kind, streams, parking }] of stored) {
      const partition = streams.indexOf(stream);
      if (partition >= 0) return kind === 'log' ? `partition ${partition} of '${name}'` : `'${name}'`;
      if (parking === stream) return `what was removed from '${name}'`;
    }
    return undefined;
  }

  *all(): IterableIterator<Destination> {
    yield* this.#byName.values();
  }

  log(name: string): LogDestination {
    return this.#ofKind('log', this.#known(name)) as LogDestination;
  }

  region(name: string): Region {
    return this.#ofKind('region', this.#known(name)) as Region;
  }

  ensureLog(name: string, spec: DestinationSpec): LogDestination {
    return this.#ofKind('log', this.find(name) ?? this.#create(name, 'log', spec)) as LogDestination;
  }

  ensureQueue(name: string): Queue {
    return this.#ofKind('queue', this.find(name) ?? this.#create(name, 'queue', {})) as Queue;
  }

  ensureRegion(name: string, changeRetentionMs?: number): Region {
    return this.#ofKind('region', this.find(name) ?? this.#create(name, 'region', {}, { changeRetentionMs })) as Region;
  }

  /** A log whose messages can be removed one by one. One that exists already becomes such. */
  ensureParking(name: string): LogDestination {
    const log = this.ensureLog(name, {});
    if (log.parking !== undefined) return log;
    const stored: StoredDestination = { ...log.stored, parking: this.#context.newStream() };
    return this.#store(name, stored) as LogDestination;
  }

  /** Creates the destination or compares it with what is asked for. */
  ensure(name: string, spec: DestinationSpec): DestinationInfo {
    const known = this.find(name);
    if (known === undefined) return this.#create(name, spec.kind ?? 'log', spec).info;
    const { info } = known;
    for (const key of ['kind', 'partitions', 'retentionMs', 'retentionBytes', 'compact'] as const)
      if (spec[key] !== undefined && spec[key] !== (info[key] ?? (key === 'compact' ? false : undefined)))
        throw raise('DESTINATION_DIFFERS', { destination: name, property: key, actual: info[key] ?? 'not set', wanted: spec[key] });
    return info;
  }

  delete(name: string): void {
    const { stored } = this.#damaged.get(name) ?? this.#known(name);
    const { id } = stored;
    this.#byName.get(name)?.dropped();
    this.#byName.delete(name);
    this.#damaged.delete(name);
    const { control, journal } = this.#context;
    control.put(`d|${name}`, undefined);
    for (const prefix of ['g', 'o', 'w']) control.removeAll(`${prefix}|${id}|`);
    for (const stream of stored.streams) journal.drop(stream);
  }

  #known(name: string): Destination {
    const found = this.find(name);
    if (found === undefined) throw raise('DESTINATION_UNKNOWN', { destination: name });
    return found;
  }

  #ofKind(kind: Destination['kind'], destination: Destination): Destination {
    if (destination.kind === kind) return destination;
    throw raise('DESTINATION_KIND', { destination: destination.name, actual: destination.kind, wanted: kind });
  }

  #create(name: string, kind: Destination['kind'], spec: DestinationSpec, more: Partial<StoredDestination> = {}): Destination {
    const { partitions = 1, retentionMs, retentionBytes, compact } = spec;
    if (name === '') throw raise('NAME_EMPTY', {});
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > maxPartitions)
      throw raise('PARTITIONS_INVALID', { destination: name, partitions, limit: maxPartitions });
    const streams = Array.from({ length: kind === 'log' ? partitions : 1 }, () => this.#context.newStream());
    const id = ++this.#lastId;
    this.#context.control.put('ids', id);
    const epoch = kind === 'region' ? { epoch: randomUUID().slice(0, 8) } : {};
    return this.#store(name, { kind, id, streams, spec: { retentionMs, retentionBytes, compact }, ...epoch, ...more });
  }

  #store(name: string, stored: StoredDestination): Destination {
    this.#context.control.put(`d|${name}`, stored);
    return this.#add(name, stored);
  }

  #recover(name: string, stored: StoredDestination): void {
    try {
      this.#add(name, stored);
    } catch (error) {
      if (lostRange(error) === undefined) throw error;
      this.#damaged.set(name, { stored, error });
    }
  }

  /** Where the catalogue is damaged, ids of destinations that it no longer names are in use by their groups. */
  #usedIds(): readonly number[] {
    const { control } = this.#context;
    if (!control.damaged) return [];
    const ids = Array.from(control.entries(''), ([key]) => Number(/^[gow]\|(\d+)\|/.exec(key)?.[1] ?? 0));
    return [...ids, ...Array.from(this.#byName.values(), ({ stored }) => stored.id)];
  }

  #add(name: string, stored: StoredDestination): Destination {
    const kinds = { log: LogDestination, queue: Queue, region: Region };
    const destination = new kinds[stored.kind](this.#context, name, stored);
    this.#byName.set(name, destination);
    return destination;
  }
}
