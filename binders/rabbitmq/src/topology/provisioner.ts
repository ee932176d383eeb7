import type { DestinationInfo, DestinationSpec, Provisioner } from '@millrace/messaging/binder';
import type { Admin } from '../client/admin.ts';
import { raise } from '../errors.ts';
import { delayObjects } from '../queue/delays.ts';
import type { KnownDestination } from './catalogue.ts';
import type { Destinations } from './destinations.ts';
import { checkName } from './names.ts';
import type { Names } from './names.ts';

/** What the provisioner works with. */
export interface ProvisionerParts {
  readonly admin: Admin;
  readonly destinations: Destinations;
  /** Makes and removes what a destination of streams consists of. */
  readonly streams: { create(entry: KnownDestination): Promise<void>; objects(entry: KnownDestination): readonly string[] };
}

/** Destinations of events are exchanges with what is bound to them, those of commands are queues. */
export class RabbitProvisioner implements Provisioner {
  readonly #parts: () => ProvisionerParts;
  readonly #names: Names;

  constructor(names: Names, parts: () => ProvisionerParts) {
    this.#names = names;
    this.#parts = parts;
  }

  async ensure(destination: string, spec: DestinationSpec = {}): Promise<DestinationInfo> {
    const { destinations, streams } = this.#parts();
    checkName(destination, 'destination');
    const { kind = 'log' } = spec;
    if (kind === 'region') throw raise('KIND_UNSUPPORTED', { destination, kind });
    this.#checkSpec(destination, kind, spec);
    await destinations.catalogue.sync();
    const entry = destinations.catalogue.known(destination) ?? (await destinations.create({ ...spec, name: destination, kind }));
    compare(entry, { ...spec, kind });
    if (entry.kind === 'queue') await destinations.declarations.queue(entry.name);
    else await destinations.declarations.exchange(entry.name);
    if (entry.storage === 'streams') await streams.create(entry);
    return infoOf(entry);
  }

  async describe(destination: string): Promise<DestinationInfo | undefined> {
    const { admin, destinations } = this.#parts();
    await destinations.catalogue.sync();
    const entry = destinations.catalogue.known(destination);
    if (entry === undefined || entry.kind === 'log') return entry && infoOf(entry);
    const what = `count the messages of queue '${entry.name}'`;
    const { messageCount } = await admin.run(what, async (channel) => channel.checkQueue(entry.name));
    return { ...infoOf(entry), count: messageCount };
  }

  async list(): Promise<readonly DestinationInfo[]> {
    const { catalogue } = this.#parts().destinations;
    await catalogue.sync();
    return catalogue.all().map(infoOf);
  }

  async delete(destination: string): Promise<void> {
    const { admin, destinations } = this.#parts();
    const entry = await destinations.existing(destination);
    // First from the list, so that consumers that lose their queues learn that they are gone for good.
    await destinations.catalogue.remove(destination);
    const { exchanges, queues } = this.#objects(entry);
    await Promise.all(
      queues.map(async (each) => admin.run(`delete queue '${each}'`, async (channel) => channel.deleteQueue(each))),
    );
    await Promise.all(
      exchanges.map(async (each) => admin.run(`delete exchange '${each}'`, async (channel) => channel.deleteExchange(each))),
    );
  }

  deadLetterName(destination: string, group: string): string {
    return this.#names.deadLetter(destination, group);
  }

  #objects(entry: KnownDestination): { readonly exchanges: readonly string[]; readonly queues: readonly string[] } {
    const { streams } = this.#parts();
    const { name, partitions } = entry;
    if (entry.kind === 'queue') {
      const delays = delayObjects(name, entry.delayLevels);
      return { exchanges: delays.exchanges, queues: [name, ...delays.queues] };
    }
    const exchanges = [this.#names.exchange(name)];
    if (entry.storage === 'streams') return { exchanges, queues: streams.objects(entry) };
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const queues = [...entry.groups].flatMap((group) => all.map((each) => this.#names.queue(name, group, each, partitions)));
    return { exchanges, queues };
  }

  #checkSpec(destination: string, kind: 'log' | 'queue', spec: DestinationSpec): void {
    const { storage } = this.#parts().destinations.settings;
    const refuse = (property: string, next: string): never => {
      throw raise('SPEC_UNSUPPORTED', { destination, property, storage: kind === 'queue' ? 'queues' : storage, next });
    };
    if (spec.compact === true) refuse('compaction', 'leave it out, or use another binder');
    if (storage === 'streams' && kind === 'log') return;
    if (spec.retentionMs !== undefined) refuse('retention by age', 'use destinations that are streams');
    if (spec.retentionBytes !== undefined) refuse('retention by size', 'use destinations that are streams');
  }
}

function infoOf({ name, kind, partitions, retentionMs, retentionBytes, groups }: KnownDestination): DestinationInfo {
  return { name, kind, partitions, retentionMs, retentionBytes, groups: [...groups] };
}

function compare(entry: KnownDestination, spec: DestinationSpec): void {
  if (entry.kind !== spec.kind) throw raise('KIND_DIFFERS', { destination: entry.name, actual: entry.kind, wanted: spec.kind });
  for (const property of ['partitions', 'retentionMs', 'retentionBytes'] as const) {
    const [actual, wanted] = [entry[property], spec[property]];
    if (wanted === undefined || actual === wanted) continue;
    throw raise('DESTINATION_DIFFERS', { destination: entry.name, property, actual: actual ?? 'unlimited', wanted });
  }
}
