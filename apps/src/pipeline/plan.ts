import { expandOptionNames, findOption, MillraceError, readOption, readOptions } from '@millrace/core';
import type { OptionSet, OptionSource } from '@millrace/core';
import type { AppKind, Catalogue } from '../catalogue.ts';
import { appError } from '../errors.ts';
import { inputOptions, outputOptions } from '../runtime/bindings.ts';
import type { InputSettings, OutputSettings } from '../runtime/bindings.ts';
import { flatten } from '../runtime/config/flatten.ts';
import { dottedLayer } from '../runtime/config/layers.ts';
import { Properties } from '../runtime/config/properties.ts';
import type { AppDefinition } from '../runtime/define.ts';
import { compileExpression } from '../runtime/expression.ts';
import type { ParsedApp, ParsedPipeline } from './parse.ts';

/** An app of a pipeline with everything that is known about it before it starts. */
export interface PlannedApp {
  readonly stream: string;
  readonly label: string;
  readonly definition: AppDefinition;
  /** All of its settings by full name: its options as given, and where it reads and writes. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly properties: OptionSource;
  readonly input: InputSettings;
  readonly output: OutputSettings;
}

/** A pipeline whose apps and options have been found and checked. */
export interface PlannedPipeline {
  readonly name: string;
  readonly apps: readonly PlannedApp[];
  /** False for `a || b`: the apps run beside each other. */
  readonly bound: boolean;
}

const bindingOptions: OptionSet = Object.fromEntries(
  [...Object.entries(inputOptions), ...Object.entries(outputOptions)].map(([key, spec]) => [`${spec.name}/${key}`, spec]),
);

/**
 * Finds every app of a pipeline and checks its options, so that nothing starts that cannot run. Raises `APP_UNKNOWN`, the errors of
 * options, and `PIPELINE_INVALID`; each names the pipeline and the app, and carries the app's position in the text.
 */
export function planPipeline(
  parsed: ParsedPipeline,
  catalogue: Catalogue,
  shared: Readonly<Record<string, unknown>>,
): PlannedPipeline {
  const apps = parsed.apps.map((app, index) => {
    try {
      return planApp(parsed, app, index, catalogue, shared);
    } catch (error) {
      throw located(error, parsed, app);
    }
  });
  return { name: parsed.name, apps, bound: parsed.bound };
}

function planApp(
  parsed: ParsedPipeline,
  app: ParsedApp,
  index: number,
  catalogue: Catalogue,
  shared: Readonly<Record<string, unknown>>,
): PlannedApp {
  const definition = findApp(parsed, app, index, catalogue);
  const values = { ...bindings(parsed, index), ...named(definition, app) };
  const properties = new Properties([dottedLayer('shared', flatten(shared)), dottedLayer('definition', flatten(values))]);
  checkOptions(definition, properties);
  return {
    stream: parsed.name,
    label: app.label,
    definition,
    values,
    properties,
    input: readOptions(inputOptions, properties),
    output: readOptions(outputOptions, properties),
  };
}

function checkOptions(definition: AppDefinition, properties: OptionSource): void {
  for (const spec of Object.values(definition.options)) {
    const value = readOption(spec, properties);
    if (spec.type === 'expression' && typeof value === 'string') compileExpression(value, spec.name, definition.name);
  }
}

function findApp(parsed: ParsedPipeline, app: ParsedApp, index: number, catalogue: Catalogue): AppDefinition {
  if (parsed.bound) return catalogue.require(kindAt(parsed, index), app.name);
  const found = (['source', 'processor', 'sink'] as const).flatMap((kind) => catalogue.get(kind, app.name) ?? []);
  return found[0] ?? catalogue.require('source', app.name);
}

/** What an app must be by its place. */
function kindAt({ apps, source, sink }: ParsedPipeline, index: number): AppKind {
  if (index === 0 && source === undefined) return 'source';
  return index === apps.length - 1 && sink === undefined ? 'sink' : 'processor';
}

// Where apps read and write, as SCDF's servers hand it to them.
function bindings({ name, apps, bound, source, sink }: ParsedPipeline, index: number): Record<string, string> {
  const input = 'spring.cloud.stream.bindings.input';
  const output = 'spring.cloud.stream.bindings.output';
  const values: Record<string, string> = {
    'spring.cloud.dataflow.stream.name': name,
    'spring.cloud.dataflow.stream.app.label': apps[index]!.label,
  };
  if (!bound) return values;
  const previous = index > 0 ? `${name}.${apps[index - 1]!.label}` : source?.destination;
  if (previous !== undefined) {
    values[`${input}.destination`] = previous;
    values[`${input}.group`] = index === 0 ? (source!.group ?? name) : name;
  }
  const last = index === apps.length - 1;
  if (!last) values[`${output}.producer.required-groups`] = name;
  const next = last ? sink : `${name}.${apps[index]!.label}`;
  if (next !== undefined) values[`${output}.destination`] = next;
  return values;
}

// An app's own options by full name; names of bindings are understood in full.
function named(definition: AppDefinition, app: ParsedApp): Readonly<Record<string, unknown>> {
  const own: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(app.options)) {
    const binding = contentTypeOption(name) ?? (name.includes('.') ? findOption(bindingOptions, name)?.name : undefined);
    if (binding === undefined) own[name] = value;
    else values[binding] = value;
  }
  return { ...values, ...expandOptionNames(definition.options, own, `The ${definition.kind} '${definition.name}'`) };
}

function contentTypeOption(name: string): string | undefined {
  if (name.toLowerCase() === 'inputtype') return inputOptions.contentType.name;
  return name.toLowerCase() === 'outputtype' ? outputOptions.contentType.name : undefined;
}

function located(error: unknown, parsed: ParsedPipeline, app: ParsedApp): unknown {
  if (!(error instanceof MillraceError)) return error;
  const problem = `${error.message} (app '${app.label}' at position ${app.position})`;
  const details = { pipeline: parsed.name, problem, position: app.position, app: app.label, cause: error.reason, ...error.details };
  return appError('PIPELINE_INVALID', details, error);
}
