import { expandOptionNames, flatten, messageOf } from '@millrace/core';
import type { OptionSet } from '@millrace/core';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appError } from '../../errors.ts';
import { cloudFoundryValues } from './cloud-foundry.ts';
import { dottedLayer, environmentLayer } from './layers.ts';
import type { PropertyLayer } from './layers.ts';
import { Properties } from './properties.ts';
import { parseProperties } from './properties-file.ts';
import { parseYaml } from './yaml-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where configuration comes from. */
export interface ConfigurationInput {
  /** Arguments `--name=value`. */
  readonly args?: readonly string[] | undefined;
  readonly env?: Environment | undefined;
  /** Values as strong as `SPRING_APPLICATION_JSON`, over which they win. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  /** Directory whose `config/` is read (default: the working directory). */
  readonly cwd?: string | undefined;
  /** Directories that may hold `application.{json,yml,yaml,properties}`, weakest first (default: `/config`, then `<cwd>/config`). */
  readonly configDirectories?: readonly string[] | undefined;
  /** The weakest values. */
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
  /** Options whose short names are understood in arguments and in `SPRING_APPLICATION_JSON`. */
  readonly options?: OptionSet | undefined;
  /** Who refuses arguments that look like options but are none, for the message; absent: nothing is refused. */
  readonly owner?: string | undefined;
}

/**
 * Reads an app's configuration, weakest first: defaults, files, environment, `SPRING_APPLICATION_JSON`,
 * properties, arguments. Raises
 * `CONFIGURATION_INVALID` or `ARGUMENT_INVALID`, both `INVALID_ARGUMENT`.
 */
export function loadConfiguration(input: ConfigurationInput): Properties {
  const env = input.env ?? {};
  const options = input.options ?? {};
  return new Properties([
    dottedLayer('defaults', flatten(input.defaults ?? {})),
    ...directories(input).flatMap(fileLayers),
    dottedLayer(
      'Cloud Foundry',
      cloudFoundryValues((name) => jsonVariable(env, name), env['CF_INSTANCE_INDEX']),
    ),
    environmentLayer(env),
    dottedLayer('SPRING_APPLICATION_JSON', expanded(options, jsonVariable(env, 'SPRING_APPLICATION_JSON'))),
    dottedLayer('properties', expanded(options, input.properties ?? {})),
    dottedLayer('arguments', flatten(expandOptionNames(options, parseArguments(input.args ?? []), input.owner))),
  ]);
}

function directories(input: ConfigurationInput): readonly string[] {
  return input.configDirectories ?? ['/config', join(input.cwd ?? process.cwd(), 'config')];
}

const formats: readonly (readonly [extension: string, parse: (text: string) => Record<string, unknown>])[] = [
  ['json', parseObject],
  ['yml', parseYaml],
  ['yaml', parseYaml],
  ['properties', parseProperties],
];

function fileLayers(directory: string): PropertyLayer[] {
  const layers: PropertyLayer[] = [];
  for (const [extension, parse] of formats) {
    const file = join(directory, `application.${extension}`);
    if (!existsSync(file)) continue;
    layers.push(dottedLayer(file, flatten(readWith(parse, readFileSync(file, 'utf8'), file))));
  }
  return layers;
}

function expanded(options: OptionSet, values: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(expandOptionNames(options, Object.fromEntries(flatten(values)))));
}

function jsonVariable(env: Environment, name: string): Record<string, unknown> {
  const text = env[name] ?? '';
  return text === '' ? {} : readWith(parseObject, text, name);
}

function parseObject(text: string): Record<string, unknown> {
  const value = JSON.parse(text) as unknown;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('must be a JSON object');
  return value as Record<string, unknown>;
}

function readWith(parse: (text: string) => Record<string, unknown>, text: string, source: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    throw appError('CONFIGURATION_INVALID', { source, problem: messageOf(error) }, error);
  }
}

/** The values of `--name=value` arguments; `--name` alone means true. Raises `ARGUMENT_INVALID` for anything else. */
export function parseArguments(args: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const argument of args) {
    const match = /^--([^=\s]+)(?:=([\s\S]*))?$/.exec(argument);
    if (!match) throw appError('ARGUMENT_INVALID', { argument });
    values[match[1]!] = match[2] ?? 'true';
  }
  return values;
}
