import type { ErrorCode } from '@millrace/core';
import type {
  Binder,
  BinderCapabilities,
  BinderListener,
  ConsumerBinding,
  ConsumerOptions,
  Diagnosis,
  ProducerBinding,
  ProducerOptions,
} from '@millrace/messaging/binder';
import { rabbitCapabilities } from './capabilities.ts';
import { Admin } from './client/admin.ts';
import { loadLibrary } from './client/library.ts';
import { Link } from './client/link.ts';
import { Locks } from './client/locks.ts';
import { codeOf, translate } from './client/translate.ts';
import { GroupConsumer } from './consumer/group-consumer.ts';
import { raise } from './errors.ts';
import { RabbitParking } from './parking/parking.ts';
import { Producer } from './producer/producer.ts';
import { Publisher } from './producer/publisher.ts';
import { Delays } from './queue/delays.ts';
import { RabbitQueues } from './queue/queue-facet.ts';
import type { Settings } from './settings.ts';
import { StreamLayout } from './streams/layout.ts';
import { Cursors, RabbitLog } from './streams/log-facet.ts';
import { Positions } from './streams/positions.ts';
import { Roster } from './streams/roster.ts';
import { StreamConsumer } from './streams/stream-consumer.ts';
import { StreamLog } from './streams/stream-log.ts';
import { Catalogue } from './topology/catalogue.ts';
import type { KnownDestination } from './topology/catalogue.ts';
import { Declarations } from './topology/declarations.ts';
import { Destinations } from './topology/destinations.ts';
import { diagnose } from './topology/diagnosis.ts';
import { checkName, Names } from './topology/names.ts';
import { RabbitProvisioner } from './topology/provisioner.ts';

/** What there is once the binder is open. */
interface Opened {
  /** Two connections: the server stops reading from one that publishes too fast, and consumers must not suffer from that. */
  readonly publishing: Link;
  readonly consuming: Link;
  readonly admin: Admin;
  readonly publisher: Publisher;
  readonly destinations: Destinations;
  readonly delays: Delays;
  readonly locks: Locks;
  readonly layout: StreamLayout;
  readonly positions: Positions;
  readonly roster: Roster;
  readonly streamLog: StreamLog;
  readonly cursors: Cursors;
}

/** The RabbitMQ binder: destinations are exchanges, groups are queues bound to them, commands lie in queues of their own. */
export class RabbitBinder implements Binder {
  readonly name = 'rabbitmq';
  readonly provisioner: RabbitProvisioner;
  readonly queue: RabbitQueues;
  readonly parking: RabbitParking;
  readonly log: RabbitLog | undefined;
  readonly #settings: Settings;
  readonly #names: Names;
  readonly #producers = new Set<ProducerBinding>();
  readonly #closers = new Set<{ close(): Promise<void> }>();
  #capabilities: BinderCapabilities;
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#names = new Names(settings.topology);
    this.#capabilities = this.#facts();
    const { maxMessageBytes, maxPrefetch } = settings;
    this.provisioner = new RabbitProvisioner(this.#names, () => ({
      ...this.#parts(),
      streams: this.#parts().layout,
    }));
    const keep = (closing: { close(): Promise<void> }): void => void this.#closers.add(closing);
    this.queue = new RabbitQueues(() => ({ ...this.#parts(), maxMessageBytes, maxPrefetch, keep }));
    this.log = settings.topology.storage === 'streams' ? new RabbitLog(() => this.#parts()) : undefined;
    this.parking = new RabbitParking(() => ({ ...this.#parts(), maxMessageBytes }));
  }

  /** What it can do on any server; once it is open, on the one that it found. */
  get capabilities(): BinderCapabilities {
    return this.#capabilities;
  }

  async open(listener: BinderListener = {}): Promise<void> {
    if (this.#closing !== undefined) throw raise('BINDER_CLOSED', {});
    this.#opening ??= this.#open(listener);
    await this.#opening;
  }

  async bindProducer(destination: string, options: ProducerOptions = {}): Promise<ProducerBinding> {
    const { destinations, publisher } = this.#parts();
    const entry = await destinations.bound(destination, 'log', options.partitions);
    await this.#prepare(entry, options.requiredGroups ?? []);
    const { maxMessageBytes } = this.#settings;
    const isStream = entry.storage === 'streams';
    const setup = { publisher, names: this.#names, maxMessageBytes, isStream, isClosed: () => this.#closing !== undefined };
    const producer = new Producer(setup, destination, entry.partitions);
    this.#producers.add(producer);
    return producer;
  }

  async bindConsumer(destination: string, group: string | undefined, options: ConsumerOptions = {}): Promise<ConsumerBinding> {
    const { destinations } = this.#parts();
    if (this.log === undefined) checkStart(destination, group ?? 'anonymous', options.start);
    if (group !== undefined) checkName(group, 'group');
    const entry = await destinations.bound(destination, 'log', options.partitions);
    const consumer =
      this.log === undefined ? await this.#queueConsumer(entry, group, options) : await this.#streamConsumer(entry, group, options);
    this.#closers.add(consumer);
    try {
      await consumer.start();
    } catch (error) {
      this.#closers.delete(consumer);
      await consumer.close();
      throw error;
    }
    return consumer;
  }

  errorCode(error: unknown): ErrorCode {
    return codeOf(error);
  }

  async diagnose(): Promise<readonly Diagnosis[]> {
    const { publishing, consuming, destinations } = this.#parts();
    const { link, topology } = this.#settings;
    return diagnose([publishing, consuming], link.addresses.length, topology, destinations.declarations.mismatches);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Makes what a destination consists of, and what its groups need. */
  async #prepare(entry: KnownDestination, groups: readonly string[]): Promise<void> {
    const { destinations, layout } = this.#parts();
    if (entry.storage === 'streams') {
      await layout.create(entry);
      // Streams keep everything: that a group exists says that it begins with the first message.
      for (const group of groups) await destinations.catalogue.addGroup(entry.name, group);
      return;
    }
    await destinations.declarations.exchange(entry.name);
    for (const group of groups) await destinations.group(entry, group);
  }

  async #queueConsumer(entry: KnownDestination, group: string | undefined, options: ConsumerOptions): Promise<GroupConsumer> {
    const { admin, destinations } = this.#parts();
    await this.#prepare(entry, group === undefined ? [] : [group]);
    const setup = {
      admin,
      declarations: destinations.declarations,
      names: this.#names,
      maxPrefetch: this.#settings.maxPrefetch,
      hasDeadLetters: this.#settings.topology.deadLetters !== 'none',
      isGone: (name: string) => destinations.isGone(name),
    };
    return new GroupConsumer(setup, { destination: entry.name, group, partitions: entry.partitions }, options);
  }

  async #streamConsumer(entry: KnownDestination, group: string | undefined, options: ConsumerOptions): Promise<StreamConsumer> {
    const { admin, destinations, locks, roster, positions, streamLog } = this.#parts();
    // A group that was required before was promised everything.
    const start =
      group === undefined ? (options.start ?? 'latest') : entry.groups.has(group) ? 'earliest' : (options.start ?? 'earliest');
    await this.#prepare(entry, group === undefined ? [] : [group]);
    const isGone = (name: string) => destinations.isGone(name);
    const setup = { admin, locks, roster, positions, names: this.#names, log: streamLog, isGone };
    const place = { entry, group: group ?? this.#names.anonymous(), isAnonymous: group === undefined, start };
    return new StreamConsumer(setup, place, options);
  }

  #parts(): Opened {
    if (this.#closing !== undefined) throw raise('BINDER_CLOSED', {});
    if (this.#opened === undefined) throw raise('NOT_OPEN', {});
    return this.#opened;
  }

  #facts(serverVersion?: string): BinderCapabilities {
    const { topology, maxMessageBytes } = this.#settings;
    return rabbitCapabilities({ storage: topology.storage, queueType: topology.queueType, maxMessageBytes, serverVersion });
  }

  async #open(listener: BinderListener): Promise<Opened> {
    const library = await loadLibrary();
    const { link, publish, patienceMs, topology } = this.#settings;
    const publishing = new Link(library, link, 'publishing');
    const consuming = new Link(library, link, 'consuming');
    const admin = new Admin(consuming, patienceMs);
    const publisher = new Publisher(publishing, publish);
    const catalogue = new Catalogue(consuming, admin, publisher);
    try {
      await Promise.all([publishing.open(), consuming.open()]);
      const version = consuming.serverVersion;
      if (isTooOld(version)) throw raise('SERVER_TOO_OLD', { addresses: consuming.addressText, version });
      this.#capabilities = this.#facts(version);
      await catalogue.open();
    } catch (error) {
      await Promise.all([publishing.close(), consuming.close()]);
      this.#opening = undefined;
      throw translate(error, 'open the binder', consuming.addressText);
    }
    listen(listener, [publishing, consuming]);
    const declarations = new Declarations(admin, this.#names, topology);
    const destinations = new Destinations({ catalogue, declarations, names: this.#names, settings: topology });
    const layout = new StreamLayout(this.#names, declarations);
    this.#opened = {
      publishing,
      consuming,
      admin,
      publisher,
      destinations,
      delays: new Delays(admin, catalogue, topology.queueType === 'quorum'),
      locks: new Locks(admin),
      layout,
      positions: new Positions({ admin, publisher, catalogue, names: this.#names, layout }),
      roster: new Roster(admin, publisher),
      streamLog: new StreamLog(admin, this.#names),
      cursors: new Cursors(),
    };
    return this.#opened;
  }

  async #close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    if (opened === undefined) return;
    await Promise.allSettled([...this.#producers].map(async (producer) => producer.close()));
    await opened.publisher.settled();
    const closed = await Promise.allSettled([...this.#closers].map(async (each) => each.close()));
    await opened.cursors.close();
    await opened.publisher.settled();
    await opened.roster.close();
    await opened.destinations.catalogue.close();
    await Promise.all([opened.publishing.close(), opened.consuming.close()]);
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }
}

function checkStart(destination: string, group: string, start: ConsumerOptions['start']): void {
  if (start === undefined || start === 'latest') return;
  throw raise('START_UNSUPPORTED', { destination, group, start: typeof start === 'string' ? start : JSON.stringify(start) });
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 3 || (major === 3 && minor < 10);
}

/** Both connections count as one: in trouble with the first, well again with the last. A server that takes no messages is trouble, too. */
function listen({ disconnected, reconnected }: BinderListener, links: readonly Link[]): void {
  let isTold = false;
  const tell = (link: Link, error: unknown): void => {
    if (isTold) return;
    isTold = true;
    disconnected?.(translate(error ?? new Error('the connection was closed'), 'keep the connection', link.addressText));
  };
  const check = (): void => {
    if (!isTold || links.some(({ model, blockedBecause }) => model === undefined || blockedBecause !== undefined)) return;
    isTold = false;
    reconnected?.();
  };
  for (const link of links) {
    link.on('down', (error) => tell(link, error));
    link.on('blocked', (reason) => tell(link, raise('BLOCKED', { addresses: link.addressText, reason })));
    link.on('up', check);
    link.on('unblocked', check);
  }
}
