import { errorTable, MillraceError, systemClock } from '@millrace/core';
import type { Clock, ErrorCode } from '@millrace/core';
import type {
  Binder,
  BinderCapabilities,
  ConsumerBinding,
  ConsumerOptions,
  DestinationInfo,
  DestinationSpec,
  OutboundMessage,
  ProducerBinding,
  ProducerOptions,
  Provisioner,
  SendOutcome,
} from '@millrace/messaging/binder';
import { PlainConsumer } from './consumer.ts';
import { Group } from './group.ts';

const plainError = errorTable({
  closed: { code: 'UNAVAILABLE', message: 'the client is closed; open another' },
  unnamed: { code: 'INVALID_ARGUMENT', message: 'a destination needs a name' },
  unsupported: { code: 'UNSUPPORTED', message: 'the plain binder has no {what}; use another binder for it' },
  unknown: { code: 'NOT_FOUND', message: "there is no destination '{name}'" },
  different: { code: 'FAILED_PRECONDITION', message: "destination '{name}' has {actual} partitions, not {wanted}" },
  'too-large': { code: 'INVALID_ARGUMENT', message: 'a message of {size} bytes exceeds the limit of {limit}' },
  'no-partition': { code: 'INVALID_ARGUMENT', message: "destination '{name}' has no partition {partition}" },
});

const capabilities: BinderCapabilities = Object.freeze({
  durability: 'none',
  shared: false,
  acknowledgement: 'cumulative',
  ordered: true,
  retainsMessages: false,
  maxMessageBytes: 1 << 20,
  transactions: false,
  parking: false,
  log: false,
  queue: false,
  region: false,
});

interface Destination {
  readonly name: string;
  readonly partitions: number;
  readonly groups: Map<string, Group>;
}

/** The smallest broker there can be: groups with copies of what is sent, in memory, and no facet. */
export class PlainBroker {
  readonly clock: Clock;
  readonly destinations = new Map<string, Destination>();
  anonymous = 0;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  connect(): Binder {
    return new PlainBinder(this);
  }

  destination(name: string, partitions = 1): Destination {
    if (name === '') throw plainError('unnamed', {});
    const destination = this.destinations.get(name) ?? { name, partitions, groups: new Map<string, Group>() };
    this.destinations.set(name, destination);
    return destination;
  }

  group(destination: Destination, name: string): Group {
    const group = destination.groups.get(name) ?? new Group(destination.partitions, this.clock);
    destination.groups.set(name, group);
    return group;
  }
}

/** A client of a {@link PlainBroker}: what the kit makes of a binder that declares next to nothing. */
class PlainBinder implements Binder {
  readonly name = 'plain';
  readonly capabilities = capabilities;
  readonly provisioner: Provisioner;
  readonly #broker: PlainBroker;
  readonly #bindings = new Set<{ close(): Promise<void> }>();
  #isClosed = false;

  constructor(broker: PlainBroker) {
    this.#broker = broker;
    this.provisioner = new PlainProvisioner(broker, () => this.#check());
  }

  async open(): Promise<void> {
    this.#check();
  }

  async bindProducer(name: string, options: ProducerOptions = {}): Promise<ProducerBinding> {
    this.#check();
    const destination = this.#broker.destination(name, options.partitions);
    for (const group of options.requiredGroups ?? []) this.#broker.group(destination, group);
    return this.#attached(new PlainProducer(this.#broker, destination));
  }

  async bindConsumer(name: string, group: string | undefined, options: ConsumerOptions = {}): Promise<ConsumerBinding> {
    this.#check();
    if (options.start !== undefined && options.start !== 'latest') throw plainError('unsupported', { what: 'start position' });
    const destination = this.#broker.destination(name, options.partitions);
    const groupName = group ?? `anonymous-${this.#broker.anonymous++}`;
    const queue = this.#broker.group(destination, groupName);
    const left = () => void (group === undefined && destination.groups.delete(groupName));
    const consumer = this.#attached(new PlainConsumer(name, groupName, queue, this.#broker.clock, options, left));
    await queue.join(consumer);
    return consumer;
  }

  errorCode(error: unknown): ErrorCode {
    return error instanceof MillraceError ? error.code : 'INTERNAL';
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#bindings].map((binding) => binding.close()));
  }

  #attached<T extends { close(): Promise<void> }>(binding: T): T {
    this.#bindings.add(binding);
    return binding;
  }

  #check(): void {
    if (this.#isClosed) throw plainError('closed', {});
  }
}

class PlainProducer implements ProducerBinding {
  readonly destination: string;
  readonly partitions: number;
  readonly #broker: PlainBroker;
  readonly #target: Destination;
  #isClosed = false;

  constructor(broker: PlainBroker, target: Destination) {
    this.#broker = broker;
    this.#target = target;
    this.destination = target.name;
    this.partitions = target.partitions;
  }

  async send(messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    if (this.#isClosed) throw plainError('closed', {});
    return messages.map((message) => this.#append(message));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #append(message: OutboundMessage): SendOutcome {
    const size = message.payload?.length ?? 0;
    if (size > capabilities.maxMessageBytes)
      return { error: plainError('too-large', { size, limit: capabilities.maxMessageBytes }) };
    const partition = message.partition ?? keyHash(message.key) % this.partitions;
    if (partition >= this.partitions) return { error: plainError('no-partition', { name: this.destination, partition }) };
    const kept = {
      ...message,
      payload: message.payload && Uint8Array.from(message.payload),
      timestamp: message.timestamp ?? this.#broker.clock.now(),
    };
    for (const group of this.#target.groups.values()) group.append(partition, kept);
    return { partition };
  }
}

class PlainProvisioner implements Provisioner {
  readonly #broker: PlainBroker;
  readonly #check: () => void;

  constructor(broker: PlainBroker, check: () => void) {
    this.#broker = broker;
    this.#check = check;
  }

  async ensure(name: string, spec: DestinationSpec = {}): Promise<DestinationInfo> {
    this.#check();
    const { kind = 'log', partitions, ...rest } = spec;
    if (kind !== 'log') throw plainError('unsupported', { what: kind });
    if (Object.keys(rest).length > 0) throw plainError('unsupported', { what: Object.keys(rest).join(', ') });
    const destination = this.#broker.destination(name, partitions);
    if (destination.partitions !== (partitions ?? destination.partitions))
      throw plainError('different', { name, actual: destination.partitions, wanted: partitions });
    return infoOf(destination);
  }

  async describe(name: string): Promise<DestinationInfo | undefined> {
    const destination = this.#broker.destinations.get(name);
    return destination && infoOf(destination);
  }

  async list(): Promise<readonly DestinationInfo[]> {
    this.#check();
    return [...this.#broker.destinations.values()].map(infoOf);
  }

  async delete(name: string): Promise<void> {
    const destination = this.#broker.destinations.get(name);
    if (destination === undefined) throw plainError('unknown', { name });
    this.#broker.destinations.delete(name);
    await Promise.all([...destination.groups.values()].map((group) => group.end()));
  }

  deadLetterName(destination: string, group: string): string {
    return `${destination}.${group}.dlq`;
  }
}

function infoOf({ name, partitions, groups }: Destination): DestinationInfo {
  return { name, kind: 'log', partitions, groups: [...groups.keys()] };
}

function keyHash(key: string | Uint8Array | undefined): number {
  return Buffer.from(key ?? '').reduce((hash, byte) => (hash * 31 + byte) >>> 0, 0);
}
