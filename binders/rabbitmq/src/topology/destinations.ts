import type { DestinationSpec } from '@millrace/messaging/binder';
import { maxPartitions } from '../capabilities.ts';
import { raise } from '../errors.ts';
import type { TopologySettings } from '../settings.ts';
import type { Catalogue, CatalogueEntry, KnownDestination } from './catalogue.ts';
import type { Declarations } from './declarations.ts';
import type { Names } from './names.ts';
import { checkName } from './names.ts';

/** A destination to be made; what is left out is the default. */
export type NewDestination = Pick<CatalogueEntry, 'name' | 'kind'> &
  Pick<DestinationSpec, 'partitions' | 'retentionMs' | 'retentionBytes'>;

/** Finds and creates destinations with what belongs to them. */
export class Destinations {
  readonly catalogue: Catalogue;
  readonly declarations: Declarations;
  readonly names: Names;
  readonly settings: TopologySettings;

  constructor(parts: {
    readonly catalogue: Catalogue;
    readonly declarations: Declarations;
    readonly names: Names;
    readonly settings: TopologySettings;
  }) {
    this.catalogue = parts.catalogue;
    this.declarations = parts.declarations;
    this.names = parts.names;
    this.settings = parts.settings;
  }

  /** The destination of that name and kind, made with these partitions where it is missing. */
  async bound(name: string, kind: 'log' | 'queue', partitions?: number): Promise<KnownDestination> {
    checkName(name, 'destination');
    if (partitions !== undefined) checkPartitions(name, partitions);
    const entry = this.catalogue.known(name) ?? (await this.#found(name)) ?? (await this.create({ name, kind, partitions }));
    if (entry.kind !== kind)
      throw raise('KIND_DIFFERS', { destination: name, actual: kind === 'log' ? 'queue' : 'log', wanted: kind });
    const wanted = this.settings.storage;
    // What the binder promises of its destinations would not be true of this one.
    if (kind === 'log' && entry.storage !== wanted)
      throw raise('STORAGE_DIFFERS', { destination: name, actual: entry.storage, wanted });
    return entry;
  }

  /** The destination as it is now, `NOT_FOUND` where there is none. */
  async existing(name: string): Promise<KnownDestination> {
    const entry = await this.#found(name);
    if (entry === undefined) throw raise('DESTINATION_UNKNOWN', { destination: name });
    return entry;
  }

  async create(spec: NewDestination): Promise<KnownDestination> {
    const { name, kind, partitions = 1, retentionMs, retentionBytes } = spec;
    checkPartitions(name, partitions);
    const storage = kind === 'queue' ? 'queues' : this.settings.storage;
    return this.catalogue.create({ name, kind, storage, partitions, retentionMs, retentionBytes });
  }

  /** Whether the destination was deleted. */
  async isGone(name: string): Promise<boolean> {
    return (await this.#found(name)) === undefined;
  }

  /** Makes what belongs to a group, so that it gets everything from now on. */
  async group(entry: KnownDestination, group: string): Promise<void> {
    checkName(group, 'group');
    const { declarations, names } = this;
    await declarations.exchange(entry.name);
    await declarations.group(entry.name, group, entry.partitions);
    await this.catalogue.addGroup(entry.name, group);
    if (this.settings.deadLetters === 'none') return;
    await declarations.deadLetter(entry.name, group, entry.partitions);
    await this.catalogue.addDeadLetter(names.deadLetter(entry.name, group));
  }

  async #found(name: string): Promise<KnownDestination | undefined> {
    await this.catalogue.sync();
    return this.catalogue.known(name);
  }
}

export function checkPartitions(destination: string, partitions: number): void {
  if (!(Number.isInteger(partitions) && partitions >= 1 && partitions <= maxPartitions))
    throw raise('PARTITIONS_INVALID', { destination, partitions, limit: maxPartitions });
}
