import type { Clock } from '@millrace/core';
import { headerNames, type OutboundMessage } from '../binder/index.ts';
import type { CommandHandler, HandleOptions } from '../client.ts';
import { raise } from '../errors.ts';
import type { Message } from '../message.ts';
import { delay } from '../policies/deadline.ts';
import { retryDelay, type RetryPolicy } from '../policies/retry.ts';
import type { Services } from '../runtime/services.ts';
import { expiresAtHeader, isExpired, withoutCall } from './command-headers.ts';
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

  constructor(options: RunnerOptions<I, O>) {
    this.#options = options;
    this.#clock = options.services.clock;
  }

  /** Never rejects. */
  async run(task: CommandTask): Promise<Outcome> {
    const { delivery } = task;
    if (isExpired(delivery.headers, this.#clock.now())) return this.#expired();
    if (delivery.redeliveries >= maxHandOuts + this.#options.retry.delayed.length) return this.#tooOften(task);
    for (let attempt = this.#firstAttempt(task); ; attempt++) {
      try {
        const reply = await this.#attempt(task, attempt);
        return task.abandoned === undefined ? { kind: 'done', reply } : abandoned;
      } catch (error) {
        const outcome = await this.#failed(task, attempt, error);
        if (outcome !== undefined) return outcome;
      }
    }
  }

  /** After the immediate tries of the first hand-out, each hand-out is one delayed try. */
  #firstAttempt({ delivery }: CommandTask): number {
    const { maxAttempts, delayed } = this.#options.retry;
    return delivery.redeliveries === 0 || delayed.length === 0 ? 1 : maxAttempts + delivery.redeliveries;
  }

  async #attempt(task: CommandTask, attempt: number): Promise<OutboundMessage | undefined> {
    const { endpoint, handler, services, tally } = this.#options;
    const decoded = endpoint.input.decode(task.delivery, task.delivery.id);
    const message: Message<I> = decoded instanceof Promise ? await decoded : decoded;
    const context = new TaskContext(message, attempt, task);
    const began = this.#clock.monotonic();
    const answer = services.tracing.handling(message.headers, () => handler(message.payload, context));
    const output = answer instanceof Promise ? await answer : answer;
    tally.ran(this.#clock.monotonic() - began);
    return task.replyTo === undefined ? undefined : this.#reply(output);
  }

  async #reply(output: O): Promise<OutboundMessage> {
    if (output === undefined) return { payload: null, headers: {} };
    if (output === null) return { payload: Buffer.from('null'), headers: { [headerNames.contentType]: 'application/json' } };
    return this.#options.endpoint.output.encode(await this.#options.endpoint.output.check(output));
  }

  /** What becomes of a command after a failed try; `undefined` to try again here. */
  async #failed(task: CommandTask, attempt: number, error: unknown): Promise<Outcome | undefined> {
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
    return task.abandoned === undefined ? undefined : abandoned;
  }

  /** Whether a caller waits who would have given up before the next try: better an answer now than none. */
  #isTooLate({ delivery }: CommandTask, pause: number): boolean {
    return delivery.headers[expiresAtHeader] !== undefined && isExpired(delivery.headers, this.#clock.now() + pause);
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
