import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { didYouMean } from '@millrace/core';
import { raise } from './errors.ts';

/** What `millrace.config.*` holds. Environment variables win over it, arguments of {@link connect} over both. */
export interface MillraceConfig {
  /** The binder of everything that names none (environment `MILLRACE_BINDER`; default `embedded`). */
  readonly binder?: string | undefined;
  /** The embedded binder's directory (environment `MILLRACE_DATA_DIR`; default `.millrace`). */
  readonly dataDir?: string | undefined;
  /** Settings by binder name. `type` says which kind it is where the name does not. */
  readonly binders?: Readonly<Record<string, BinderConfig>> | undefined;
  /** Destinations that are not on the default binder: destination → binder name. */
  readonly destinations?: Readonly<Record<string, string>> | undefined;
  /**
   * Settings under Spring's names, nested or dotted: `spring.kafka.*`, `spring.rabbitmq.*`, `spring.cloud.stream.*`. Environment variables
   * (`SPRING_…`) and `SPRING_APPLICATION_JSON` win over them.
   */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
}

/** The settings of one binder, passed to it as they are. */
export interface BinderConfig {
  readonly type?: string | undefined;
  readonly [option: string]: unknown;
}

/** Types a configuration file: `export default defineConfig({ … })`. */
export function defineConfig(config: MillraceConfig): MillraceConfig {
  return config;
}

const fileNames = [
  'millrace.config.ts',
  'millrace.config.mts',
  'millrace.config.js',
  'millrace.config.mjs',
  'millrace.config.json',
];
const knownKeys = ['binder', 'dataDir', 'binders', 'destinations', 'properties'];

/** The configuration file that applies in a directory, if there is one. */
export function findConfigFile(directory: string): string | undefined {
  return fileNames.map((name) => join(directory, name)).find((file) => existsSync(file));
}

/**
 * Reads configuration: a file (`path`, or the first `millrace.config.*` of the working directory; none with `false`), then the environment.
 * Throws `NOT_FOUND` for a named file that is missing and `INVALID_ARGUMENT` for one that is no configuration.
 */
export async function loadConfig(path: string | false | undefined, env: NodeJS.ProcessEnv): Promise<MillraceConfig> {
  const file = path === false ? undefined : path === undefined ? findConfigFile(process.cwd()) : resolve(path);
  const config = file === undefined ? {} : await readConfig(file);
  return {
    ...config,
    ...(env['MILLRACE_BINDER'] ? { binder: env['MILLRACE_BINDER'] } : {}),
    ...(env['MILLRACE_DATA_DIR'] ? { dataDir: env['MILLRACE_DATA_DIR'] } : {}),
  };
}

async function readConfig(file: string): Promise<MillraceConfig> {
  if (!existsSync(file)) throw raise('CONFIG_MISSING', { file });
  const value = await importConfig(file).catch((error: unknown) => {
    throw raise('CONFIG_BROKEN', { file, problem: error instanceof Error ? error.message : String(error) }, error);
  });
  if (typeof value !== 'object' || value === null)
    throw raise('CONFIG_BROKEN', { file, problem: 'it must be (or export by default) an object' });
  const unknown = Object.keys(value).find((key) => !knownKeys.includes(key));
  if (unknown !== undefined)
    throw raise('CONFIG_BROKEN', { file, problem: `'${unknown}' is no setting${didYouMean(unknown, knownKeys)}` });
  return value;
}

async function importConfig(file: string): Promise<unknown> {
  if (file.endsWith('.json')) return JSON.parse(readFileSync(file, 'utf8'));
  return ((await import(pathToFileURL(file).href)) as { default?: unknown }).default;
}
