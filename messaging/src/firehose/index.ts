import type {
  BatchHandler,
  EventContext,
  EventHandler,
  PublishAllOptions,
  Published,
  PublishOptions,
  PublishTransaction,
  ReadRange,
  SubscribeBatchOptions,
  SubscribeOptions,
  Subscription,
} from '../client.ts';
import type { EventStream } from '../definitions.ts';
import { consumerMetrics } from '../policies/consumer-metrics.ts';
import { MessageCoder } from '../policies/message-coder.ts';
import { checkChoice, checkCount, checkMs, checkStart } from '../policies/option-checks.ts';
import { retryPolicy } from '../policies/retry.ts';
import type { EventStreams, Services } from '../runtime/services.ts';
import { BatchProcessor } from './batch-processor.ts';
import { EventProcessor } from './event-processor.ts';
import type { Consumption } from './failures.ts';
import { Publishing } from './publishing.ts';
import { readLog } from './reader.ts';
import { RedriveGate, RedriveRecord } from './redriven.ts';
import type { Processor } from './session.ts';
import { EventSubscription } from './subscription.ts';
import { runTransaction } from './transaction.ts';
import { withOptions } from '../policies/handler-arguments.ts';

const defaultConcurrency = 16;
const defaultBatch = 500;

/** The event-stream pattern over shared services. */
export function createEventStreams(services: Services): EventStreams {
  return new Firehose(services);
}

class Firehose implements EventStreams {
  readonly #services: Services;
  readonly #publishing: Publishing;

  constructor(services: Services) {
    this.#services = services;
    this.#publishing = new Publishing(services);
  }

  publish<T>(stream: EventStream<T>, payload: T, options?: PublishOptions): Promise<Published> {
    try {
      this.#services.assertOpen('publish');
      return this.#publishing.outlet(stream).publish(payload, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async publishAll<T>(
    stream: EventStream<T>,
    payloads: readonly T[],
    options?: PublishAllOptions<T>,
  ): Promise<readonly Published[]> {
    this.#services.assertOpen('publish');
    return this.#publishing.outlet(stream).publishAll(payloads, options);
  }

  async subscribe<T>(
    stream: EventStream<T>,
    given: SubscribeOptions | EventHandler<T>,
    handlerGiven?: EventHandler<T>,
  ): Promise<Subscription> {
    const [options, handler] = withOptions<SubscribeOptions, EventHandler<T>>(given, handlerGiven, stream.name);
    const concurrency = options.concurrency ?? defaultConcurrency;
    return this.#start(stream, options, (consumption, coder) => new EventProcessor(consumption, coder, handler, concurrency));
  }

  async subscribeBatch<T>(
    stream: EventStream<T>,
    given: SubscribeBatchOptions | BatchHandler<T>,
    handlerGiven?: BatchHandler<T>,
  ): Promise<Subscription> {
    const [options, handler] = withOptions<SubscribeBatchOptions, BatchHandler<T>>(given, handlerGiven, stream.name);
    const limits = {
      concurrency: options.concurrency ?? defaultConcurrency,
      maxBatch: options.maxBatch ?? Math.min(defaultBatch, options.maxInFlight ?? defaultBatch),
      maxWaitMs: options.maxWaitMs ?? 0,
    };
    return this.#start(stream, options, (consumption, coder) => new BatchProcessor(consumption, coder, handler, limits));
  }

  read<T>(stream: EventStream<T>, range?: ReadRange) {
    return readLog(this.#services, stream, range);
  }

  async transaction<R>(deliveries: readonly EventContext[], work: (tx: PublishTransaction) => Promise<R>): Promise<R> {
    return runTransaction(this.#services, this.#publishing, deliveries, work);
  }

  close(): Promise<void> {
    return this.#publishing.close();
  }

  async #start<T>(
    stream: EventStream<T>,
    options: SubscribeOptions,
    processor: (consumption: Consumption, coder: MessageCoder<T>) => Processor,
  ): Promise<Subscription> {
    checkOptions(options);
    const consumption = this.#consumption(stream.name, options);
    const coder = new MessageCoder<T>(stream.name, stream.options, this.#services.codecs, this.#services);
    const plain = stream as unknown as EventStream<never>;
    const gate = new RedriveGate(processor(consumption, coder), consumption);
    const subscription = new EventSubscription(consumption, plain, options, gate);
    await subscription.start();
    return subscription;
  }

  #consumption(destination: string, options: SubscribeOptions): Consumption {
    const { group = 'anonymous', onFailure = 'park' } = options;
    return {
      services: this.#services,
      destination,
      group,
      policy: retryPolicy(options.retry, this.#services.defaults.retry),
      onFailure,
      metrics: consumerMetrics(this.#services.metrics, { kind: 'event', destination, group }),
      redriven: new RedriveRecord(destination, group, this.#services.log),
      tally: { handled: 0, failed: 0, parked: 0, blocked: undefined },
    };
  }
}

function checkOptions(options: SubscribeBatchOptions): void {
  checkCount('maxInFlight', options.maxInFlight);
  checkCount('concurrency', options.concurrency);
  checkCount('maxBatch', options.maxBatch);
  checkMs('maxWaitMs', options.maxWaitMs, 0);
  checkStart(options.start);
  checkChoice('onFailure', options.onFailure, ['park', 'skip']);
}
