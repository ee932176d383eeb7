import { eventStream, region } from '@millrace/messaging';
import type { BatchOutcome, Codec, EventContext, Millrace, SubscribeBatchOptions, Subscription } from '@millrace/messaging';
import type { Binder, Headers, InboundMessage } from '@millrace/messaging/binder';
import { headerNames } from '@millrace/messaging/binder';
import { isFailureHeader, isTextual, ParkingLot, wasRedrivenElsewhere } from '@millrace/messaging/policies';
import type { Next } from '../chain/next.ts';
import type { InputSettings, OutputSettings } from './bindings.ts';
import type { CompiledExpression } from './expression.ts';
import { AppMessage } from './message.ts';
import { memoryPositions, regionPositions } from './positions.ts';
import type { PositionStore } from './positions.ts';
import { retryOf } from './retry.ts';

/** Where an app that failed to handle a message got it from. */
export interface ParkOrigin {
  readonly destination: string;
  readonly group: string;
  /** The binder that carries the destination, where it is not the default one. */
  readonly binder?: string | undefined;
}

/** A chain that a subscription feeds. */
export interface SubscribedChain {
  readonly head: Next;
  /** Filled by the first app of the chain: messages that failed there, with why. */
  readonly failures: Map<AppMessage, unknown>;
  readonly instance: { readonly index: number; readonly count: number };
  /** Passes over what was not parked by this group and sent again. */
  readonly onlyRedriven?: boolean;
}

const positionsRegion = region<string>('millrace.positions');

/** What apps and pipelines need of a runtime, which is only connected when something is really sent, received or kept. */
export class Connections {
  readonly #connect: () => Promise<Millrace>;
  readonly #parking = new ParkingLot();
  #runtime: Promise<Millrace> | undefined;

  constructor(connect: () => Promise<Millrace>) {
    this.#connect = connect;
  }

  /** Connects at the first call. */
  runtime(): Promise<Millrace> {
    return (this.#runtime ??= this.#connect());
  }

  /** Whether anything needed the runtime yet. */
  get used(): boolean {
    return this.#runtime !== undefined;
  }

  /** An end of a chain: publishes to a destination; a batch is done when all of it is durable. */
  async publisher(destination: string, settings: OutputSettings, partitionKey?: CompiledExpression): Promise<Next> {
    const runtime = await this.runtime();
    const stream = eventStream<AppMessage>(destination, {
      codec: outgoing,
      binder: settings.binder,
      partitions: settings.partitionCount,
      requiredGroups: settings.requiredGroups,
      ...(partitionKey === undefined ? {} : { partitionKey: (message) => partitionKey.evaluate(message) }),
    });
    // Who cannot reach the broker is told at the start, not when the first message waits.
    await runtime.binder(stream);
    return { push: (batch) => publish(runtime, stream, batch, settings.contentType) };
  }

  /** Sends to a destination; resolves when durable. */
  async send(destination: string, messages: readonly AppMessage[]): Promise<void> {
    const stream = eventStream<AppMessage>(destination, { codec: outgoing });
    await publish(await this.runtime(), stream, messages, undefined);
  }

  /**
   * Feeds a chain from a destination. A message is acknowledged when the chain is done with it; one that `failures` names afterwards
   * is tried again or parked as the settings say, holding back only its own key.
   */
  async subscribe(input: InputSettings, destination: string, chain: SubscribedChain): Promise<Subscription> {
    const runtime = await this.runtime();
    const stream = eventStream(destination, { codec: incoming, contentType: input.contentType, binder: input.binder });
    const options: SubscribeBatchOptions = {
      group: input.group,
      assignment: input.partitioned && chain.instance.count > 1 ? chain.instance : undefined,
      retry: retryOf(input),
      onFailure: input.park ? 'park' : 'skip',
    };
    return runtime.subscribeBatch(stream, options, (events) => {
      const wanted = chain.onlyRedriven === true ? events.filter(({ context }) => isRedriven(context)) : events;
      const batch = wanted.map(({ payload, context }) => received(payload, context));
      const pending = chain.head.push(batch);
      return pending instanceof Promise ? pending.then(() => outcomes(batch, chain.failures)) : outcomes(batch, chain.failures);
    });
  }

  /** Puts a message into the dead-letter destination of a group. */
  async park(
    message: AppMessage,
    failure: { readonly cause: unknown; readonly attempts: number },
    origin: ParkOrigin,
  ): Promise<void> {
    const { destination, group } = origin;
    const raw = await this.#binderOf(origin);
    await this.#parking.park(raw, inbound(message), failure, { kind: 'event', destination, group });
  }

  /** Whether there is anything that was parked by this group, or a destination to which it may have been sent again. */
  async mayBeRedriven(origin: ParkOrigin): Promise<boolean> {
    const { destination, group } = origin;
    const raw = await this.#binderOf(origin);
    const deadLetter = raw.provisioner.deadLetterName(destination, group);
    const found = await Promise.all([destination, deadLetter].map((name) => raw.provisioner.describe(name)));
    return found.some((info) => info !== undefined);
  }

  async #binderOf({ destination, binder }: ParkOrigin): Promise<Binder> {
    const { raw } = await (await this.runtime()).binder(eventStream(destination, { binder }));
    return raw;
  }

  /** A store whose names begin with `prefix`. */
  positions(kind: 'memory' | 'region', prefix: string): PositionStore {
    if (kind === 'memory') return memoryPositions();
    const handle = async () => (await this.runtime()).region(positionsRegion);
    return regionPositions(
      { get: async (key) => (await handle()).get(key), put: async (key, value) => (await handle()).put(key, value) },
      prefix,
    );
  }
}

async function publish(
  runtime: Millrace,
  stream: ReturnType<typeof eventStream<AppMessage>>,
  batch: readonly AppMessage[],
  contentType: string | undefined,
): Promise<void> {
  await runtime.publishAll(stream, batch, {
    each: (message) => ({
      headers: message.headers,
      key: message.key,
      id: message.givenId,
      contentType: contentType ?? message.contentType,
    }),
  });
}

/** Writes the payload inside a message: text and bytes as they are, everything else as JSON. */
const outgoing: Codec = {
  contentType: 'application/json',
  encode: (message) => bytesOf((message as AppMessage).payload),
  decode: (bytes) => bytes,
};

/** Reads text as text, whatever its syntax, and copies everything else, since deliveries are views. */
const incoming: Codec = {
  contentType: 'application/json',
  encode: bytesOf,
  decode: (bytes, contentType) =>
    isTextual(contentType) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') : new Uint8Array(bytes),
};

function bytesOf(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  return Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
}

function received(payload: unknown, context: EventContext): AppMessage {
  const { key, id, timestamp, contentType } = context;
  return new AppMessage(payload, { headers: ownHeaders(context.headers), key, id, timestamp, contentType }, timestamp);
}

function isRedriven({ headers, destination }: EventContext): boolean {
  return headers[headerNames.redriveGroup] !== undefined && !wasRedrivenElsewhere(headers, destination);
}

/** Headers of the transport and of an earlier failure end at an app; all others travel on. */
function ownHeaders(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isTransportHeader(name)));
}

function isTransportHeader(name: string): boolean {
  if (name === headerNames.contentType || name === headerNames.id || name === headerNames.partition) return true;
  return /^(?:kafka_|amqp_|x-death|target-protocol$|source-type$)/.test(name) || isFailureHeader(name);
}

function inbound(message: AppMessage): InboundMessage {
  return {
    payload: bytesOf(message.payload),
    headers: { ...message.headers, [headerNames.contentType]: message.contentType, [headerNames.id]: message.id },
    key: message.key,
    timestamp: message.timestamp,
  };
}

function outcomes(batch: readonly AppMessage[], failures: Map<AppMessage, unknown>): BatchOutcome {
  if (failures.size === 0) return undefined;
  return batch.map((message) => {
    const failed = failures.has(message);
    const cause = failures.get(message);
    failures.delete(message);
    return failed ? { retry: cause } : undefined;
  });
}
