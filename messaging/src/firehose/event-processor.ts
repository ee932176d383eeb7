import type { EventHandler } from '../client.ts';
import type { Message } from '../message.ts';
import { KeyedExecutor, type Step } from '../policies/keyed-executor.ts';
import { keyText, type MessageCoder } from '../policies/message-coder.ts';
import { runHandler } from '../policies/run-handler.ts';
import { fail, giveUp, succeed, type Consumption } from './failures.ts';
import { HandledEvent } from './handled-event.ts';
import type { Tracked } from './partition-state.ts';
import type { Processor, Session } from './session.ts';

/** Handles events one at a time per key, concurrently across keys; retries hold back their own key only. */
export class EventProcessor<T> implements Processor {
  readonly #consumption: Consumption;
  readonly #coder: MessageCoder<T>;
  readonly #handler: EventHandler<T>;
  readonly #executor: KeyedExecutor;

  constructor(consumption: Consumption, coder: MessageCoder<T>, handler: EventHandler<T>, concurrency: number) {
    this.#consumption = consumption;
    this.#coder = coder;
    this.#handler = handler;
    this.#executor = new KeyedExecutor(consumption.services.clock, concurrency);
  }

  accept(tracked: Tracked, session: Session): void {
    this.#executor.submit(laneOf(tracked), () => this.#run(tracked, session));
  }

  pause(): void {
    this.#executor.pause();
  }

  resume(): void {
    this.#executor.resume();
  }

  wake(): void {
    this.#executor.wake();
  }

  /** Waits without occupying one of the concurrent handlers. */
  outside<R>(waiting: Promise<R>): Promise<R> {
    return this.#executor.outside(waiting);
  }

  #run(tracked: Tracked, session: Session): Step | Promise<Step> {
    if (!session.begin(tracked)) return undefined;
    try {
      const tried =
        tracked.failure === undefined ? this.#try(tracked, session) : giveUp(this.#consumption, tracked, session, undefined);
      const done = tried instanceof Promise ? tried : succeed(this.#consumption, tracked, session);
      if (done instanceof Promise) return this.#conclude(done, tracked, session);
    } catch (error) {
      return this.#conclude(fail(this.#consumption, tracked, session, error), tracked, session);
    }
    session.end(tracked);
    return undefined;
  }

  async #conclude(tried: Promise<Step>, tracked: Tracked, session: Session): Promise<Step> {
    try {
      return await tried;
    } finally {
      session.end(tracked);
    }
  }

  /** Decodes and handles. Nothing is awaited that need not be: most events of a busy stream are handled synchronously. */
  #try(tracked: Tracked, session: Session): void | Promise<Step> {
    tracked.attempt++;
    const message = this.#coder.decode(tracked.delivery, idOf(this.#consumption.destination, tracked));
    if (message instanceof Promise)
      return this.#settle(
        message.then((ready) => this.#handle(ready, tracked, session)),
        tracked,
        session,
      );
    const handled = this.#handle(message, tracked, session);
    return handled === undefined ? undefined : this.#settle(handled, tracked, session);
  }

  async #settle(handled: Promise<unknown>, tracked: Tracked, session: Session): Promise<Step> {
    try {
      await handled;
    } catch (error) {
      return fail(this.#consumption, tracked, session, error);
    }
    await succeed(this.#consumption, tracked, session);
    return undefined;
  }

  #handle(message: Message<T>, tracked: Tracked, session: Session): Promise<unknown> | undefined {
    const { services, destination, group, metrics } = this.#consumption;
    const context = new HandledEvent(message, tracked, session, destination, group);
    const start = services.clock.monotonic();
    const observe = () => metrics.duration.observe((services.clock.monotonic() - start) / 1000);
    const result = runHandler(services.tracing, message.headers, () => this.#handler(message.payload, context), this.#consumption);
    if (result instanceof Promise) return result.finally(observe);
    observe();
    return undefined;
  }
}

/** Events with equal keys share a lane; those without a key are ordered within their partition. */
export function laneOf({ delivery }: Tracked): string {
  const key = keyText(delivery.key);
  return key === undefined ? `${delivery.partition}` : `${delivery.partition}/${key}`;
}

/** The id of an event whose sender gave none. */
export function idOf(destination: string, { delivery }: Tracked): string {
  return `${destination}/${delivery.partition}/${delivery.offset}`;
}
