import type { CallOptions, CommandHandler, HandleOptions, SendOptions, Sent, Subscription } from '../client.ts';
import type { Command } from '../definitions.ts';
import { binderError, raise } from '../errors.ts';
import type { Commands, Services } from '../runtime/services.ts';
import { Caller } from './caller.ts';
import { CommandSubscription } from './command-subscription.ts';
import { Deadlines } from '../policies/deadlines.ts';
import { Endpoints, type Endpoint } from './endpoint.ts';
import { idSource } from '../policies/ids.ts';
import { Sender } from './sender.ts';
import { withOptions } from '../policies/handler-arguments.ts';

/** The command pattern of one runtime. */
export function createCommands(services: Services): Commands {
  return new CommandPattern(services);
}

type Go<I, O, R> = (endpoint: Endpoint<I, O>, payload: I) => Promise<R>;

class CommandPattern implements Commands {
  readonly #services: Services;
  readonly #endpoints: Endpoints;
  readonly #deadlines: Deadlines;
  readonly #sender: Sender;
  readonly #caller: Caller;
  readonly #nextId: () => string;
  #closed = false;

  constructor(services: Services) {
    this.#services = services;
    this.#endpoints = new Endpoints(services);
    this.#deadlines = new Deadlines(services.clock);
    this.#sender = new Sender(services, this.#deadlines);
    this.#caller = new Caller(services, this.#sender, this.#deadlines);
    this.#nextId = idSource(services.clock.now());
  }

  send<I, O>(command: Command<I, O>, input: I, options: SendOptions = {}): Promise<Sent> {
    return this.#checked(command, input, 'send', (endpoint, payload) => {
      const id = options.id ?? this.#nextId();
      return this.#services.tracing.sending(command.name, 1, (trace) =>
        this.#sender.send(endpoint, payload, options, { id, trace }),
      );
    });
  }

  call<I, O>(command: Command<I, O>, input: I, options: CallOptions = {}): Promise<O> {
    return this.#checked(command, input, 'call', (endpoint, payload) => {
      const id = options.id ?? this.#nextId();
      return this.#services.tracing.sending(command.name, 1, (trace) =>
        this.#caller.call(endpoint, payload, options, { id, trace }),
      );
    });
  }

  /** Hands the checked input on: at once, without a promise of its own, where nothing has to be waited for. */
  #checked<I, O, R>(command: Command<I, O>, input: I, operation: string, go: Go<I, O, R>): Promise<R> {
    try {
      const endpoint = this.#known(command);
      if (endpoint === undefined) return this.#opened(command, input, operation, go);
      const payload = endpoint.input.check(input);
      return payload instanceof Promise ? payload.then((checked: I) => go(endpoint, checked)) : go(endpoint, payload);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #opened<I, O, R>(command: Command<I, O>, input: I, operation: string, go: Go<I, O, R>): Promise<R> {
    const endpoint = await this.#open(command, operation);
    return go(endpoint, await endpoint.input.check(input));
  }

  async handle<I, O>(
    command: Command<I, O>,
    options: HandleOptions | CommandHandler<I, O>,
    handler?: CommandHandler<I, O>,
  ): Promise<Subscription> {
    this.#services.assertOpen('handle');
    const endpoint = await this.#open(command, 'handle');
    const [given, run] = withOptions<HandleOptions, CommandHandler<I, O>>(options, handler, command.name);
    const subscription = new CommandSubscription(this.#services, endpoint, given, run);
    await subscription.start();
    return subscription;
  }

  async cancel<I, O>(command: Command<I, O>, id: string): Promise<boolean> {
    const { binder, facet, can, queue } = await this.#open(command, 'cancel');
    if (!can.cancellation) throw raise('OPTION_UNSUPPORTED', { binder: binder.name, option: 'cancel', destination: queue });
    try {
      return await facet.cancel(queue, id);
    } catch (error) {
      throw binderError(binder, `cancel '${id}' in '${queue}'`, error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#sender.close();
    await this.#caller.close();
    this.#deadlines.close();
  }

  /** The endpoint if it is open already: the way that costs no promise. */
  #known<I, O>(command: Command<I, O>): Endpoint<I, O> | undefined {
    return this.#closed ? undefined : this.#endpoints.known(command);
  }

  async #open<I, O>(command: Command<I, O>, operation: string): Promise<Endpoint<I, O>> {
    // Handlers that finish while the runtime drains may still send: this ends only after they did.
    if (this.#closed) throw raise('RUNTIME_CLOSED', { operation });
    return this.#endpoints.known(command) ?? this.#endpoints.open(command, operation);
  }
}
