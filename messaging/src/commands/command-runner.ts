import type { Clock } from '@millrace/core';
import { headerNames, type OutboundMessage } from '../binder/index.ts';
import type { CommandHandler, HandleOptions } from '../client.ts';
import { raise } from '../errors.ts';
import type { Message } from '../message.ts';
import { contentTypes } from '../policies/codec.ts';
import { delay } from '../policies/deadline.ts';
import { retryDelay, type RetryPolicy } from '../policies/retry.ts';
import { runHandler } from '../policies/run-handler.ts';
import type { SpanSubject } from '../policies/spans.ts';
import type { Services } from '../runtime/services.ts';
import { isExpired, withoutCall } from './command-headers.ts';
import { TaskContext, type CommandTask } from './command-task.ts';
import type { CommandTally } from './command-tally.ts';
import type { Endpoint } from './endpoint.ts';
import { errorReply } from './reply.ts';

/** What is to be done with a command after the handler had it. */
export type Outcome =
  | { readonly kind: 'done'; readonly reply: OutboundMessage | undefined }
  | { readonly kind: 'again'; readonly afterMs: number }
  /** Not ours any more: someone else decides. */
  | { readonly kind: 'abandoned' };

/** Whoever runs commands with one handler. */
export interface RunnerOptions<I, O> {
  readonly endpoint: Endpoint<I, O>;
  readonly handler: CommandHandler<I, O>;
  readonly retry: RetryPolicy;
  readonly onFailure: NonNullable<HandleOptions['onFailure']>;
  readonly services: Services;
  readonly tally: CommandTally;
}

/** How the group of a queue's consumers is called in dead-letter names and metrics: queues have no groups, all consumers are one. */
export const commandGroup = 'commands';

/** Hand-outs without an outcome after which a command is parked unseen, beyond those that its own delayed retries take. */
const maxHandOuts = 20;
const parkAgainMs = 5000;
type Reply = OutboundMessage | undefined;

const done: Outcome = { kind: 'done', reply: undefined };
const abandoned: Outcome = { kind: 'abandoned' };

/**
 * Runs one command: decodes, calls the handler, tries again, parks. Immediate tries happen here, holding the lease; a delayed one
 * gives the command back to the queue, where it holds back nothing. The tries are counted by the broker's own count of hand-outs, so
 * that a crash does not forget them (and costs one).
 */
export class CommandRunner<I, O> {
  readonly #options: RunnerOptions<I, O>;
  readonly #clock: Clock;
  readonly #subject: SpanSubject;

  constructor(options: RunnerOptions<I, O>) {
    this.#options = options;
    this.#subject = { destination: options.endpoint.queue, group: commandGroup };
    this.#clock = options.services.clock;
  }

  /** Never rejects, nor throws. At once where the handler is synchronous: a promise for each would cost more than many a handler. */
  run(task: CommandTask): Outcome | Promise<Outcome> {
    const { delivery } = task;
    if (isExpired(delivery.headers, this.#clock.now())) return this.#expired();
    if (delivery.redeliveries >= maxHandOuts + this.#options.retry.delayed.length) return this.#tooOften(task);
    return this.#try(task, this.#firstAttempt(task));
  }

  #try(task: CommandTask, attempt: number): Outcome | Promise<Outcome> {
    try {
      const decoded = this.#options.endpoint.input.decode(task.delivery, task.delivery.id);
      if (decoded instanceof Promise) return this.#tryDecoded(task, attempt, decoded);
      return this.#handle(task, decoded, attempt);
    } catch (error) {
      return this.#failed(task, attempt, error);
    }
  }

  async #tryDecoded(task: CommandTask, attempt: number, decoded: Promise<Message<I>>): Promise<Outcome> {
    try {
      return await this.#handle(task, await decoded, attempt);
    } catch (error) {
      return this.#failed(task, attempt, error);
    }
  }

  /** After the immediate tries of the first hand-out, each hand-out is one delayed try. */
  #firstAttempt({ delivery }: CommandTask): number {
    const { maxAttempts, delayed } = this.#options.retry;
    return delivery.redeliveries === 0 || delayed.length === 0 ? 1 : maxAttempts + delivery.redeliveries;
  }

  #handle(task: CommandTask, message: Message<I>, attempt: number): Outcome | Promise<Outcome> {
    const { handler, services } = this.#options;
    const context = new TaskContext(message, attempt, task);
    const began = this.#clock.monotonic();
    const output = runHandler(services.tracing, message.headers, () => handler(message.payload, context), this.#subject);
    if (output instanceof Promise) return this.#handled(task, attempt, began, output);
    const reply = this.#finish(task, began, output);
    return reply instanceof Promise ? this.#replied(task, attempt, reply) : ended(task, reply);
  }

  /** One promise for all that follows an asynchronous handler: at thousands a second each further one shows. */
  async #handled(task: CommandTask, attempt: number, began: number, output: Promise<O>): Promise<Outcome> {
    try {
      const reply = this.#finish(task, began, await output);
      return ended(task, reply instanceof Promise ? await reply : reply);
    } catch (error) {
      return this.#failed(task, attempt, error);
    }
  }

  async #replied(task: CommandTask, attempt: number, reply: Promise<Reply>): Promise<Outcome> {
    try {
      return ended(task, await reply);
    } catch (error) {
      return this.#failed(task, attempt, error);
    }
  }

  #finish(task: CommandTask, began: number, output: O): Reply | Promise<Reply> {
    this.#options.tally.ran(this.#clock.monotonic() - began);
    return task.replyTo === undefined ? undefined : this.#reply(output);
  }

  #reply(output: O): Reply | Promise<Reply> {
    if (output === undefined) return { payload: null, headers: {} };
    if (output === null) return { payload: Buffer.from('null'), headers: { [headerNames.contentType]: contentTypes.json } };
    const coder = this.#options.endpoint.output;
    const checked = coder.check(output);
    return checked instanceof Promise ? checked.then((payload) => coder.encode(payload)) : coder.encode(checked);
  }

  /** What becomes of a command after a failed try. */
  async #failed(task: CommandTask, attempt: number, error: unknown): Promise<Outcome> {
    const { retry, tally } = this.#options;
    tally.tryFailed();
    if (task.abandoned !== undefined) return abandoned;
    const pause = retryDelay(retry, attempt, error);
    if (pause === undefined || this.#isTooLate(task, pause)) return this.#givenUp(task, attempt, error);
    tally.retried();
    if (attempt >= retry.maxAttempts) return { kind: 'again', afterMs: pause };
    task.isResting = true;
    await delay(this.#clock, pause, task.signal);
    task.isResting = false;
    return task.abandoned === undefined ? this.#try(task, attempt + 1) : abandoned;
  }

  /** Whether a caller waits who would have given up before the next try: better an answer now than none. */
  #isTooLate({ delivery }: CommandTask, pause: number): boolean {
    return isExpired(delivery.headers, this.#clock.now() + pause);
  }

  async #givenUp(task: CommandTask, attempts: number, cause: unknown): Promise<Outcome> {
    const { onFailure, tally, services, endpoint } = this.#options;
    if (onFailure === 'skip') {
      tally.skipped();
      services.log(
        'warn',
        `command '${task.delivery.id}' of '${endpoint.queue}' failed for good and is dropped, as onFailure is 'skip'`,
        { attempts },
      );
    } else if (!(await this.#park(task, attempts, cause))) return { kind: 'again', afterMs: parkAgainMs };
    return { kind: 'done', reply: task.replyTo === undefined ? undefined : errorReply(cause) };
  }

  async #park({ delivery }: CommandTask, attempts: number, cause: unknown): Promise<boolean> {
    const { services, tally, endpoint } = this.#options;
    // Spelled out: deliveries may be views whose fields are not their own.
    const { id, payload, key, timestamp } = delivery;
    const message = { payload, key, timestamp, headers: { [headerNames.id]: id, ...withoutCall(delivery.headers) } };
    const origin = { kind: 'command', destination: endpoint.queue, group: commandGroup, offset: delivery.offset } as const;
    try {
      await services.parked.park(endpoint.binder, message, { cause, attempts }, origin);
      tally.wasParked();
      return true;
    } catch (error) {
      services.log('error', `command '${delivery.id}' of '${endpoint.queue}' could not be parked and stays in the queue`, {
        error,
      });
      return false;
    }
  }

  #tooOften(task: CommandTask): Promise<Outcome> {
    const { id, redeliveries } = task.delivery;
    return this.#givenUp(task, redeliveries, raise('TOO_MANY_HAND_OUTS', { id, times: redeliveries }));
  }

  #expired(): Outcome {
    this.#options.tally.expired();
    return done;
  }
}

function ended(task: CommandTask, reply: Reply): Outcome {
  if (task.abandoned !== undefined) return abandoned;
  return reply === undefined ? done : { kind: 'done', reply };
}
