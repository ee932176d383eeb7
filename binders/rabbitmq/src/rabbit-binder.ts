import type { ErrorCode } from '@millrace/core';
import type {
  Binder,
  BinderCapabilities,
  BinderListener,
  ConsumerBinding,
  ConsumerOptions,
  ProducerBinding,
  ProducerOptions,
} from '@millrace/messaging/binder';
import { rabbitCapabilities } from './capabilities.ts';
import { Admin } from './client/admin.ts';
import { loadLibrary } from './client/library.ts';
import { Link } from './client/link.ts';
import { codeOf, translate } from './client/translate.ts';
import { GroupConsumer } from './consumer/group-consumer.ts';
import { raise } from './errors.ts';
import { Locks } from './parking/lock.ts';
import { RabbitParking } from './parking/parking.ts';
import { Producer } from './producer/producer.ts';
import { Publisher } from './producer/publisher.ts';
import { Delays } from './queue/delays.ts';
import { RabbitQueues } from './queue/queue-facet.ts';
import type { Settings } from './settings.ts';
import { Catalogue } from './topology/catalogue.ts';
import { Declarations } from './topology/declarations.ts';
import { Destinations } from './topology/destinations.ts';
import { Names } from './topology/names.ts';
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
}

/** The RabbitMQ binder: destinations are exchanges, groups are queues bound to them, commands lie in queues of their own. */
export class RabbitBinder implements Binder {
  readonly name = 'rabbitmq';
  readonly provisioner: RabbitProvisioner;
  readonly queue: RabbitQueues;
  readonly parking: RabbitParking;
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
      streams: { create: async () => undefined, objects: () => [] },
    }));
    const keep = (closing: { close(): Promise<void> }): void => void this.#closers.add(closing);
    this.queue = new RabbitQueues(() => ({ ...this.#parts(), maxMessageBytes, maxPrefetch, keep }));
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
    await destinations.declarations.exchange(destination);
    for (const group of options.requiredGroups ?? []) await destinations.group(entry, group);
    const { maxMessageBytes } = this.#settings;
    const setup = { publisher, names: this.#names, maxMessageBytes, isClosed: () => this.#closing !== undefined };
    const producer = new Producer(setup, destination, entry.partitions);
    this.#producers.add(producer);
    return producer;
  }

  async bindConsumer(destination: string, group: string | undefined, options: ConsumerOptions = {}): Promise<ConsumerBinding> {
    const { admin, destinations } = this.#parts();
    const { start } = options;
    if (start !== undefined && start !== 'latest') {
      const position = typeof start === 'string' ? start : JSON.stringify(start);
      throw raise('START_UNSUPPORTED', { destination, group: group ?? 'anonymous', start: position });
    }
    const entry = await destinations.bound(destination, 'log', options.partitions);
    if (group !== undefined) await destinations.group(entry, group);
    const { maxPrefetch, topology } = this.#settings;
    const setup = {
      admin,
      declarations: destinations.declarations,
      names: this.#names,
      maxPrefetch,
      declareDeadLetters: topology.declareDeadLetters,
      isGone: (name: string) => destinations.isGone(name),
    };
    const consumer = new GroupConsumer(setup, { destination, group, partitions: entry.partitions }, options);
    this.#closers.add(consumer);
    await consumer.start();
    return consumer;
  }

  errorCode(error: unknown): ErrorCode {
    return codeOf(error);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
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
    const delays = new Delays(admin, catalogue, topology.queueType === 'quorum');
    this.#opened = { publishing, consuming, admin, publisher, destinations, delays, locks: new Locks(consuming) };
    return this.#opened;
  }

  async #close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    if (opened === undefined) return;
    await Promise.allSettled([...this.#producers].map(async (producer) => producer.close()));
    await opened.publisher.settled();
    const closed = await Promise.allSettled([...this.#closers].map(async (each) => each.close()));
    await opened.destinations.catalogue.close();
    await Promise.all([opened.publishing.close(), opened.consuming.close()]);
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 3 || (major === 3 && minor < 10);
}

/** Both connections count as one: lost with the first, there again with the last. */
function listen({ disconnected, reconnected }: BinderListener, links: readonly Link[]): void {
  let isLost = false;
  for (const link of links) {
    link.on('down', (error) => {
      if (isLost) return;
      isLost = true;
      disconnected?.(translate(error ?? new Error('the connection was closed'), 'keep the connection', link.addressText));
    });
    link.on('up', () => {
      if (!isLost || links.some((each) => each.model === undefined)) return;
      isLost = false;
      reconnected?.();
    });
  }
}
