import { randomUUID } from 'node:crypto';
import { raise } from '../errors.ts';
import type { TopologySettings } from '../settings.ts';

/** AMQP writes a name's length into one byte. Suffixes of groups and partitions need room, too. */
const longestName = 200;

/** Names as Spring Cloud Stream gives them. */
export class Names {
  readonly #prefix: string;

  constructor({ prefix }: Pick<TopologySettings, 'prefix'>) {
    this.#prefix = prefix;
  }

  exchange(destination: string): string {
    return this.#prefix + destination;
  }

  routingKey(destination: string, partition: number, partitions: number): string {
    return partitions > 1 ? `${destination}-${partition}` : destination;
  }

  /** What a group's queue is bound with: everything, or one partition. */
  bindingKey(destination: string, partition: number, partitions: number): string {
    return partitions > 1 ? `${destination}-${partition}` : '#';
  }

  /** The base of a group's names: its queue where there is one partition. */
  group(destination: string, group: string): string {
    return `${this.#prefix}${destination}.${group}`;
  }

  queue(destination: string, group: string, partition: number, partitions: number): string {
    const base = this.group(destination, group);
    return partitions > 1 ? `${base}-${partition}` : base;
  }

  stream(destination: string, partition: number): string {
    return `${this.#prefix}${destination}-${partition}`;
  }

  /** The stream of a group's positions in a partition. */
  positions(destination: string, group: string, partition: number): string {
    return `${this.group(destination, group)}-${partition}.mr-position`;
  }

  deadLetterExchange(): string {
    return `${this.#prefix}DLX`;
  }

  /** Commands have one group, which some callers name and some leave empty. */
  deadLetter(destination: string, group: string): string {
    return `${this.group(destination, group)}.dlq`;
  }

  /** A name like Spring's for a subscription without a group: 22 characters of a UUID. */
  anonymous(): string {
    return `anonymous.${Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')}`;
  }
}

/** Refuses what cannot be a name; `kind` says of what. */
export function checkName(name: string, kind: string): string {
  const rule =
    name === ''
      ? 'it must not be empty'
      : Buffer.byteLength(name) > longestName
        ? `it must be at most ${longestName} bytes long`
        : name.startsWith('amq.')
          ? "names that begin with 'amq.' belong to the server"
          : undefined;
  if (rule !== undefined) throw raise('NAME_INVALID', { destination: name, kind, rule });
  return name;
}
