import { environmentName, flatten, messageOf, relaxedName } from '@millrace/core';
import { raise } from './errors.ts';

/** Settings under Spring's names, dotted. */
export type SpringProperties = ReadonlyMap<string, unknown>;

/** A binder that properties name: `spring.cloud.stream.binders.<name>.{type,environment.*}`. */
export interface NamedBinder {
  readonly type?: string | undefined;
  /** What holds for this binder alone. */
  readonly environment: Readonly<Record<string, unknown>>;
}

const variable = 'SPRING_APPLICATION_JSON';

/**
 * All properties under `spring`, weakest first: a configuration file's, those of environment variables (`SPRING_KAFKA_CLIENT_ID`; each
 * `_` may stand for a dot, a dash or nothing), `SPRING_APPLICATION_JSON`, and what the program gives.
 */
export function springProperties(
  file: Readonly<Record<string, unknown>> | undefined,
  env: NodeJS.ProcessEnv,
  given: Readonly<Record<string, unknown>> | undefined,
): SpringProperties {
  const fromEnvironment = Object.entries(env)
    .filter(([name]) => name.startsWith('SPRING_') && name !== variable)
    .map(([name, value]) => [name.toLowerCase().replaceAll('_', '.'), value] as const);
  return new Map([...flatten(file ?? {}), ...fromEnvironment, ...flatten(applicationJson(env)), ...flatten(given ?? {})]);
}

/** The binder of all that names none, if properties name one. */
export function defaultBinderIn(properties: SpringProperties): string | undefined {
  const wanted = environmentName('spring.cloud.stream.default-binder');
  const found = [...properties].findLast(([name]) => environmentName(name) === wanted);
  return typeof found?.[1] === 'string' ? found[1] : undefined;
}

/** What properties say of one binder. */
export function namedBinder(properties: SpringProperties, binder: string): NamedBinder {
  const start = `spring.cloud.stream.binders.${relaxedName(binder)}.`;
  const own = [...properties]
    .filter(([name]) => relaxedName(name).startsWith(start))
    .map(([name, value]) => [name.split('.').slice(5).join('.'), value] as const);
  const environment = own
    .filter(([name]) => name.startsWith('environment.'))
    .map(([name, value]) => [name.slice('environment.'.length), value] as const);
  const type = own.findLast(([name]) => name === 'type')?.[1];
  return { type: typeof type === 'string' ? type : undefined, environment: Object.fromEntries(environment) };
}

function applicationJson(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const text = env[variable] ?? '';
  if (text === '') return {};
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw raise('ENVIRONMENT_BROKEN', { name: variable, problem: messageOf(error) }, error);
  }
  throw raise('ENVIRONMENT_BROKEN', { name: variable, problem: 'it is something else' });
}
