import { defineOptions } from '@millrace/core';
import type { OptionSet } from '@millrace/core';
import { appError } from '../errors.ts';
import type { AppContext } from './context.ts';
import type { Emission, Emit } from './emit.ts';
import type { AppMessage } from './message.ts';

/** A point where an app of ours behaves unlike its model, and why. */
export interface Difference {
  readonly what: string;
  readonly why: string;
}

/** The options of an app that has none. */
export type NoOptions = Readonly<Record<string, never>>;

interface AppDescription<Options extends OptionSet> {
  /** As used in pipelines: letters, digits, `-` and `_`. */
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  readonly version?: string;
  readonly options?: Options;
  readonly differences?: readonly Difference[];
  /** A pipeline that shows it. */
  readonly example?: string;
}

interface AppBase<Options extends OptionSet> {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly options: Options;
  readonly differences: readonly Difference[];
  readonly example: string | undefined;
}

/** A source: makes messages until it has no more or is told to stop by `context.signal`. */
export interface SourceDefinition<Options extends OptionSet = OptionSet> extends AppBase<Options> {
  readonly kind: 'source';
  start(emit: Emit, context: AppContext<Options>): Promise<void>;
}

/** Turns one message into any number. A plain result is a new payload under the message's headers and key. */
export type ProcessFunction = (message: AppMessage) => Emission | Promise<Emission>;

/** Deals with one message, for good. */
export type SinkFunction = (message: AppMessage) => unknown;

/** A running sink that is given messages in batches, one batch at a time; if a batch fails, its messages come again one by one. */
export interface BatchSink {
  handleBatch(messages: readonly AppMessage[]): void | Promise<void>;
  close?(): void | Promise<void>;
}

/** A running processor with something to close. */
export interface ProcessorInstance {
  readonly process: ProcessFunction;
  close?(): void | Promise<void>;
}

/** A running sink with something to close. */
export interface SinkInstance {
  readonly handle: SinkFunction;
  close?(): void | Promise<void>;
}

/** An app that makes messages from messages. */
export interface ProcessorDefinition<Options extends OptionSet = OptionSet> extends AppBase<Options> {
  readonly kind: 'processor';
  create(context: AppContext<Options>): ProcessorInstance;
}

/** An app that takes messages out of a pipeline. */
export interface SinkDefinition<Options extends OptionSet = OptionSet> extends AppBase<Options> {
  readonly kind: 'sink';
  create(context: AppContext<Options>): SinkInstance | BatchSink;
}

/** Any app. */
export type AppDefinition = SourceDefinition | ProcessorDefinition | SinkDefinition;

/** What an app is in a pipeline. */
export type AppKind = AppDefinition['kind'];

/**
 * Defines a source by a generator, whose every item is awaited through the pipeline, or by a function that emits and returns at the
 * end.
 */
export function defineSource<const Options extends OptionSet = NoOptions>(
  app: AppDescription<Options> &
    (
      | { generate(context: AppContext<Options>): AsyncIterable<Emission> | Iterable<Emission> }
      | { start(emit: Emit, context: AppContext<Options>): Promise<void> | void }
    ),
): SourceDefinition<Options> {
  return Object.freeze({
    kind: 'source',
    ...describe(app),
    async start(emit: Emit, context: AppContext<Options>): Promise<void> {
      if ('start' in app) return app.start(emit, context);
      for await (const item of app.generate(context)) {
        await emit(item);
        if (context.signal.aborted) return;
      }
    },
  });
}

/** Defines a processor by a function of message and context, or by what creates one, for those that prepare something first. */
export function defineProcessor<const Options extends OptionSet = NoOptions>(
  app: AppDescription<Options> &
    (
      | { process(message: AppMessage, context: AppContext<Options>): Emission | Promise<Emission> }
      | { create(context: AppContext<Options>): ProcessFunction | ProcessorInstance }
    ),
): ProcessorDefinition<Options> {
  return Object.freeze({
    kind: 'processor',
    ...describe(app),
    create(context: AppContext<Options>): ProcessorInstance {
      if ('process' in app) return { process: (message) => app.process(message, context) };
      const created = app.create(context);
      return typeof created === 'function' ? { process: created } : created;
    },
  });
}

/** Defines a sink by a function of message and context, or by what creates one: a function, an instance or a batch sink. */
export function defineSink<const Options extends OptionSet = NoOptions>(
  app: AppDescription<Options> &
    (
      | { handle(message: AppMessage, context: AppContext<Options>): unknown }
      | { create(context: AppContext<Options>): SinkFunction | SinkInstance | BatchSink }
    ),
): SinkDefinition<Options> {
  return Object.freeze({
    kind: 'sink',
    ...describe(app),
    create(context: AppContext<Options>): SinkInstance | BatchSink {
      if ('handle' in app) return { handle: (message) => app.handle(message, context) };
      const created = app.create(context);
      return typeof created === 'function' ? { handle: created } : created;
    },
  });
}

function describe<Options extends OptionSet>(app: AppDescription<Options>): AppBase<Options> {
  if (!/^[A-Za-z0-9_][\w-]*$/.test(app.name)) {
    throw appError('APP_INVALID', { app: app.name, rule: "needs a name of letters, digits, '-' and '_'" });
  }
  return {
    name: app.name,
    description: app.description,
    version: app.version ?? '0.0.0',
    options: app.options ?? defineOptions({} as Options),
    differences: app.differences ?? [],
    example: app.example,
  };
}

/** Whether a module's export is an app. */
export function isAppDefinition(value: unknown): value is AppDefinition {
  const candidate = value as Partial<AppDefinition> | null | undefined;
  if (typeof candidate !== 'object' || candidate === null || typeof candidate.name !== 'string') return false;
  if (candidate.kind === 'source') return typeof candidate.start === 'function';
  return (candidate.kind === 'processor' || candidate.kind === 'sink') && typeof candidate.create === 'function';
}
