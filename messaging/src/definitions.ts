import type { RegionOptions } from './binder/index.ts';
import type { CloudEventOptions } from './policies/cloud-events.ts';
import type { Codec } from './policies/codec.ts';
import type { Schema } from './policies/schema.ts';

/** An event stream, command or region, as far as choosing its binder goes. */
export interface Definition {
  readonly name: string;
  readonly options: { readonly binder?: string | undefined };
}

/** An event stream: a named, partitioned, replayable log of payloads. Data only; it holds no connection. */
export interface EventStream<T> {
  readonly kind: 'eventStream';
  readonly name: string;
  readonly options: EventStreamOptions<T>;
}

/** What the events of a stream are like, and how its destination is made when it does not exist yet. */
export interface EventStreamOptions<T> {
  /** Checks payloads when they are sent and received; its output type is the payload's type. */
  readonly schema?: Schema<T> | undefined;
  /** The key that orders events; events with equal keys keep their order. */
  readonly key?: ((payload: T) => string | undefined) | undefined;
  /** What the partition is chosen by, hashed as Java does (default: the key). */
  readonly partitionKey?: ((payload: T) => unknown) | undefined;
  readonly partitions?: number | undefined;
  /**
   * Groups that are made before the first event is sent, so that they miss nothing where a broker keeps events for the groups that it
   * knows only. Whoever publishes first with them makes them.
   */
  readonly requiredGroups?: readonly string[] | undefined;
  readonly retentionMs?: number | undefined;
  readonly retentionBytes?: number | undefined;
  readonly compact?: boolean | undefined;
  readonly contentType?: string | undefined;
  readonly codec?: Codec | undefined;
  /** `binary` or `structured`: send as CloudEvents of this type. */
  readonly cloudEvents?: CloudEventOptions | undefined;
  readonly binder?: string | undefined;
}

/** A command: one handler of any number gets it, and may answer. */
export interface Command<I, O> {
  readonly kind: 'command';
  readonly name: string;
  readonly options: CommandOptions<I, O>;
}

/** What a command's input and output are like, and which binder carries it. */
export interface CommandOptions<I, O> {
  readonly input?: Schema<I> | undefined;
  readonly output?: Schema<O> | undefined;
  readonly contentType?: string | undefined;
  readonly codec?: Codec | undefined;
  readonly binder?: string | undefined;
}

/** A region: named entries whose changes can be watched. */
export interface Region<V> {
  readonly kind: 'region';
  readonly name: string;
  readonly options: RegionDefinitionOptions<V>;
}

/** What the values of a region are like, how long they live, and which binder keeps them. */
export interface RegionDefinitionOptions<V> extends RegionOptions {
  readonly schema?: Schema<V> | undefined;
  readonly timeToLiveMs?: number | undefined;
  readonly contentType?: string | undefined;
  readonly codec?: Codec | undefined;
  readonly binder?: string | undefined;
}

/** Defines an event stream. */
export function eventStream<T = unknown>(name: string, options: EventStreamOptions<T> = {}): EventStream<T> {
  return Object.freeze({ kind: 'eventStream', name, options });
}

/** Defines a command with its input and output types. */
export function command<I = unknown, O = void>(name: string, options: CommandOptions<I, O> = {}): Command<I, O> {
  return Object.freeze({ kind: 'command', name, options });
}

/** Defines a region. */
export function region<V = unknown>(name: string, options: RegionDefinitionOptions<V> = {}): Region<V> {
  return Object.freeze({ kind: 'region', name, options });
}
