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

/** The command pattern of one runtime. */
export function createCommands(services: Services): Commands {
  return new CommandPattern(services);
}

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

  async send<I, O>(command: Command<I, O>, input: I, options: SendOptions = {}): Promise<Sent> {
    const endpoint = this.#known(command) ?? (await this.#open(command, 'send'));
    const checked = endpoint.input.check(input);
    const payload = checked instanceof Promise ? await checked : checked;
    const id = options.id ?? this.#nextId();
    await this.#services.tracing.sending(command.name, 1, (trace) => this.#sender.send(endpoint, payload, options, { id, trace }));
    return { id };
  }

  async call<I, O>(command: Command<I, O>, input: I, options: CallOptions = {}): Promise<O> {
    const endpoint = this.#known(command) ?? (await this.#open(command, 'call'));
    const checked = endpoint.input.check(input);
    const payload = checked instanceof Promise ? await checked : checked;
    const id = options.id ?? this.#nextId();
    return this.#services.tracing.sending(command.name, 1, (trace) => this.#caller.call(endpoint, payload, options, { id, trace }));
  }

  async handle<I, O>(
    command: Command<I, O>,
    options: HandleOptions | CommandHandler<I, O>,
    handler?: CommandHandler<I, O>,
  ): Promise<Subscription> {
    this.#services.assertOpen('handle');
    const endpoint = await this.#open(command, 'handle');
    const [given, run] = typeof options === 'function' ? [{}, options] : [options, handler!];
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
