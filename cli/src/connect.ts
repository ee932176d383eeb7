import type { Clock } from '@millrace/core';
import { didYouMean } from '@millrace/core';
import { createRuntime } from '@millrace/messaging';
import type { Millrace, RuntimeOptions } from '@millrace/messaging';
import type { Binder } from '@millrace/messaging/binder';
import { loadConfig } from './config.ts';
import type { BinderConfig, MillraceConfig } from './config.ts';
import { raise } from './errors.ts';
import { defaultBinderIn, namedBinder, springProperties } from './spring-properties.ts';
import type { SpringProperties } from './spring-properties.ts';

/** What an application sets in code; `RuntimeOptions` of `@millrace/messaging` says what each means. */
type InCode = Pick<RuntimeOptions, 'name' | 'defaults' | 'codecs' | 'log' | 'handleSignals' | 'isolateUncaught'>;

/** Everything that `connect` takes: the configuration as in `millrace.config.*`, and what only code can give. */
export interface ConnectOptions extends MillraceConfig, InCode {
  /** A configuration file other than `millrace.config.*` of the working directory; `false` reads none. */
  readonly config?: string | false | undefined;
  /** Keep everything in this process's memory: for tests. Nothing is durable or shared. */
  readonly memory?: boolean | undefined;
  /** With `memory`: the time by which leases, delays and expiry go, for instance a `ManualClock`. */
  readonly clock?: Clock | undefined;
}

/** What a binder is made from, beside its own settings. */
interface Surroundings {
  readonly config: ConnectOptions;
  /** Those under Spring's names that hold for it. */
  readonly properties: Readonly<Record<string, unknown>>;
}

type BinderFactory = (settings: BinderConfig, around: Surroundings) => Promise<Binder>;

// The one place that names concrete binders. Each is loaded on first use only.
const factories: Readonly<Record<string, BinderFactory>> = {
  async embedded(settings, { config: { dataDir, memory, clock } }) {
    const options = { dataDir, memory, clock, ...settings };
    return (await import('@millrace/binder-embedded')).embeddedBinder(options);
  },
  async kafka(settings, { properties }) {
    const options = { ...settings, properties: { ...properties, ...(settings['properties'] as object | undefined) } };
    return (await import('@millrace/binder-kafka')).kafkaBinder(options);
  },
  async rabbitmq(settings, { properties }) {
    const options = { ...settings, properties: { ...properties, ...(settings['properties'] as object | undefined) } };
    return (await import('@millrace/binder-rabbitmq')).rabbitBinder(options);
  },
};

/**
 * Connects to the configured binders; by default the embedded one on the directory `.millrace`, with nothing to start.
 * Settings come from `millrace.config.*`, then the environment (`MILLRACE_BINDER`, `MILLRACE_DATA_DIR`, Spring's `SPRING_…`), then
 * `options`.
 * Binders are opened on first use. Close the result at the end (or declare it with `await using`); it drains on SIGTERM by itself.
 *
 * @throws `NOT_FOUND` and `INVALID_ARGUMENT` for configuration; a binder's own errors come from the call that first needs it.
 */
export async function connect(options: ConnectOptions = {}): Promise<Millrace> {
  const file = await loadConfig(options.config, process.env);
  const config = { ...file, ...defined(options) } as ConnectOptions;
  const properties = springProperties(file.properties, process.env, options.properties);
  return createRuntime({
    binders: (name) => createBinder(name, config, properties),
    defaultBinder: config.binder ?? defaultBinderIn(properties) ?? 'embedded',
    destinations: config.destinations,
    name: config.name,
    clock: config.clock,
    defaults: config.defaults,
    codecs: config.codecs,
    log: config.log,
    handleSignals: config.handleSignals,
    isolateUncaught: config.isolateUncaught,
  });
}

async function createBinder(name: string, config: ConnectOptions, properties: SpringProperties): Promise<Binder> {
  const settings = config.binders?.[name] ?? {};
  const named = namedBinder(properties, name);
  const type = settings.type ?? named.type ?? name;
  const factory = Object.hasOwn(factories, type) ? factories[type] : undefined;
  if (factory === undefined) {
    const known = [...new Set([...Object.keys(factories), ...Object.keys(config.binders ?? {})])];
    throw raise('UNKNOWN_BINDER', { name: type, known: known.join(', '), hint: didYouMean(type, known) });
  }
  return factory(settings, { config, properties: { ...Object.fromEntries(properties), ...named.environment } });
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
