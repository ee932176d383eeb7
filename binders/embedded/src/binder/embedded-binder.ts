import type { Clock, ErrorCode } from '@millrace/core';
import type {
  Binder,
  BinderCapabilities,
  BinderListener,
  ConsumerOptions,
  Diagnosis,
  ProducerOptions,
  Provisioner,
} from '@millrace/messaging/binder';
import { raise } from '../errors.ts';
import { SpareBuffers } from '../spare-buffers.ts';
import type { Answered, Ask, OperationName } from '../wire/protocol.ts';
import type { Client, ClientLimits } from './client.ts';
import { SendWindow } from './client.ts';
import { Consumer } from './consumer.ts';
import { diagnosis } from './diagnosis.ts';
import { asMillraceError } from './link.ts';
import type { CallOptions, Link, Renewal } from './link.ts';
import { EmbeddedLog } from './log-facet.ts';
import { EmbeddedParking } from './parking.ts';
import { Producer } from './producer.ts';
import { EmbeddedProvisioner } from './provisioner.ts';
import { EmbeddedQueue } from './queue-facet.ts';
import { EmbeddedRegions } from './region-facet.ts';
import { EmbeddedTransactions } from './transactions.ts';

export interface BinderSetup {
  readonly capabilities: BinderCapabilities;
  readonly clock: Clock;
  readonly limits: ClientLimits;
  readonly connect: (listener: BinderListener) => Promise<Link>;
}

/** The embedded binder: its facets over one connection to the broker. */
export class EmbeddedBinder implements Binder {
  readonly name = 'embedded';
  readonly capabilities: BinderCapabilities;
  readonly provisioner: Provisioner;
  readonly log: EmbeddedLog;
  readonly queue: EmbeddedQueue;
  readonly region: EmbeddedRegions;
  readonly parking: EmbeddedParking;
  readonly transactions: EmbeddedTransactions;
  readonly #setup: BinderSetup;
  readonly #client: Client;
  readonly #bindings = new Set<{ close(): Promise<void> }>();
  #link: Link | undefined;
  #closing: Promise<void> | undefined;

  constructor(setup: BinderSetup) {
    this.#setup = setup;
    this.capabilities = setup.capabilities;
    const { clock, limits } = setup;
    this.#client = {
      link: new LateLink(() => this.#opened()),
      clock,
      limits,
      window: new SendWindow(limits.maxUnackedBytes),
      spares: new SpareBuffers(),
    };
    this.provisioner = new EmbeddedProvisioner(this.#client);
    this.log = new EmbeddedLog(this.#client);
    this.queue = new EmbeddedQueue(this.#client);
    this.region = new EmbeddedRegions(this.#client);
    this.parking = new EmbeddedParking(this.#client);
    this.transactions = new EmbeddedTransactions(this.#client);
  }

  async open(listener: BinderListener = {}): Promise<void> {
    if (this.#closing !== undefined) throw raise('BINDER_CLOSED', {});
    this.#link ??= await this.#setup.connect(listener);
  }

  async bindProducer(destination: string, options: ProducerOptions = {}): Promise<Producer> {
    const { partitions, requiredGroups } = options;
    const ask = { name: destination, spec: { partitions }, requiredGroups, attach: true };
    const { meta } = await this.#client.link.call('destination.ensure', ask);
    return this.#bound(new Producer(this.#client, destination, meta.info.partitions));
  }

  async bindConsumer(destination: string, group: string | undefined, options: ConsumerOptions = {}): Promise<Consumer> {
    return this.#bound(await Consumer.bind(this.#client, destination, group, options));
  }

  async diagnose(): Promise<readonly Diagnosis[]> {
    return diagnosis((await this.#client.link.call('inspect', {})).meta);
  }

  errorCode(error: unknown): ErrorCode {
    return asMillraceError(error).code;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#link === undefined) return;
    const closed = await Promise.allSettled([...this.#bindings].map((binding) => binding.close()));
    await this.#link.close();
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  #bound<B extends { close(): Promise<void> }>(binding: B): B {
    this.#bindings.add(binding);
    return binding;
  }

  #opened(): Link {
    if (this.#closing !== undefined && this.#link === undefined) throw raise('BINDER_CLOSED', {});
    if (this.#link === undefined) throw raise('NOT_OPEN', {});
    return this.#link;
  }
}

/** Stands for the connection until there is one. */
class LateLink implements Link {
  readonly #link: () => Link;

  constructor(link: () => Link) {
    this.#link = link;
  }

  call<Name extends OperationName>(
    name: Name,
    ask: Ask<Name>,
    body?: readonly Uint8Array[],
    options?: CallOptions,
  ): Promise<Answered<Name>> {
    try {
      return this.#link().call(name, ask, body, options);
    } catch (error) {
      return Promise.reject(asMillraceError(error));
    }
  }

  onRenewed(renewal: Renewal): () => void {
    return this.#link().onRenewed(renewal);
  }

  close(): Promise<void> {
    return this.#link().close();
  }
}
