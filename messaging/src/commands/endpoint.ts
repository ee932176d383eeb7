import type { Binder, QueueCapabilities, QueueFacet } from '../binder/index.ts';
import type { Command } from '../definitions.ts';
import { MessageCoder } from '../policies/message-coder.ts';
import type { Services } from '../runtime/services.ts';
import { queueOf } from './features.ts';

/** A queue and the binder that has it. */
export interface Route {
  readonly queue: string;
  readonly binder: Binder;
  readonly facet: QueueFacet;
  readonly can: QueueCapabilities;
}

/** A command definition with the queue that carries it and the coders of its payloads. */
export interface Endpoint<I, O> extends Route {
  readonly input: MessageCoder<I>;
  readonly output: MessageCoder<O>;
}

/** The endpoints in use, one per definition object. */
export class Endpoints {
  readonly #services: Services;
  // Definitions are data that users may make at will; what is kept for one goes with it.
  readonly #known = new WeakMap<Command<never, never>, Endpoint<never, never>>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** The endpoint if it is open already: the way that costs no promise. */
  known<I, O>(command: Command<I, O>): Endpoint<I, O> | undefined {
    return this.#known.get(command as unknown as Command<never, never>);
  }

  /** Opens the binder where needed. `UNSUPPORTED` when it has no queues. */
  async open<I, O>(command: Command<I, O>, operation: string): Promise<Endpoint<I, O>> {
    const binder = await this.#services.binderFor(command);
    const { contentType, codec, input, output } = command.options;
    const { codecs } = this.#services;
    const endpoint: Endpoint<I, O> = {
      queue: command.name,
      binder,
      ...queueOf(binder, operation, command.name),
      input: new MessageCoder<I>(command.name, { schema: input, codec, contentType }, codecs),
      output: new MessageCoder<O>(command.name, { schema: output, codec, contentType }, codecs),
    };
    this.#known.set(command as unknown as Command<never, never>, endpoint as unknown as Endpoint<never, never>);
    return endpoint;
  }
}
