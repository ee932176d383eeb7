import { expandOptionNames, findOption, flatten, MillraceError, readOption, readOptions, relaxedName } from '@millrace/core';
import type { OptionSet, OptionSource } from '@millrace/core';
import type { ArgumentNode, StreamApp, StreamAppNode } from '@millrace/pipeline-dsl';
import type { Catalogue } from '../catalogue.ts';
import { appError } from '../errors.ts';
import { inputOptions, instanceOptions, outputOptions } from '../runtime/bindings.ts';
import type { InputSettings, OutputSettings } from '../runtime/bindings.ts';
import { dottedLayer } from '../runtime/config/layers.ts';
import { Properties } from '../runtime/config/properties.ts';
import type { AppDefinition } from '../runtime/define.ts';
import { compileExpression } from '../runtime/expression.ts';
import type { ParsedPipeline } from './parse.ts';

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
  [...Object.values(inputOptions), ...Object.values(outputOptions)].map((spec) => [spec.name, spec]),
);

/**
 * Finds every app of a pipeline and checks its options, so that nothing starts that cannot run. Raises `PIPELINE_INVALID`
 * (`INVALID_ARGUMENT`) for an unknown app, option, value or expression: it names the app and carries its position in the text, and
 * its cause says what is wrong.
 */
export function planPipeline(
  parsed: ParsedPipeline,
  catalogue: Catalogue,
  shared: Readonly<Record<string, unknown>>,
): PlannedPipeline {
  const apps = parsed.apps.map((app, index) => {
    try {
      return planApp(parsed, app, catalogue, shared);
    } catch (error) {
      throw located(error, parsed, index);
    }
  });
  return { name: parsed.name, apps, bound: !parsed.node.unbound };
}

function planApp(
  parsed: ParsedPipeline,
  app: StreamApp,
  catalogue: Catalogue,
  shared: Readonly<Record<string, unknown>>,
): PlannedApp {
  const definition = findApp(app, catalogue);
  const identity = { [instanceOptions.stream.name]: parsed.name, [instanceOptions.label.name]: app.label };
  const values = { ...identity, ...app.bindings, ...fullNames(definition, app) };
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

function findApp({ type, name }: StreamApp, catalogue: Catalogue): AppDefinition {
  if (type !== 'app') return catalogue.require(type, name);
  const found = (['source', 'processor', 'sink'] as const).flatMap((kind) => catalogue.get(kind, name) ?? []);
  return found[0] ?? catalogue.require('source', name);
}

function checkOptions(definition: AppDefinition, properties: OptionSource): void {
  for (const spec of Object.values(definition.options)) {
    const value = readOption(spec, properties);
    if (spec.type === 'expression' && typeof value === 'string') compileExpression(value, spec.name, definition.name);
  }
}

function isBinding([name]: readonly [string, string]): boolean {
  return name.includes('.') && findOption(bindingOptions, name) !== undefined;
}

// An app's own options by full name; those of its bindings are understood when written in full.
function fullNames(definition: AppDefinition, app: StreamApp): Readonly<Record<string, unknown>> {
  const entries = Object.entries(app.options);
  const own = Object.fromEntries(entries.filter((entry) => !isBinding(entry)));
  const owner = `The ${definition.kind} '${definition.name}'`;
  return { ...Object.fromEntries(entries.filter(isBinding)), ...expandOptionNames(definition.options, own, owner) };
}

function located(error: unknown, parsed: ParsedPipeline, index: number): unknown {
  if (!(error instanceof MillraceError)) return error;
  const node = parsed.node.apps[index]!;
  const app = parsed.apps[index]!.label;
  const position = faultyArgument(error, node)?.start ?? node.start;
  const problem = `${error.message} (app '${app}', position ${position})`;
  return appError(
    'PIPELINE_INVALID',
    { ...error.details, pipeline: parsed.name, problem, position, app, because: error.reason },
    error,
  );
}

// Errors name options in full; the text may have a short or relaxed name, or one that is no option at all.
function faultyArgument(error: MillraceError, { args }: StreamAppNode): ArgumentNode | undefined {
  const { option } = error.details;
  if (typeof option !== 'string') return undefined;
  const wanted = relaxedName(option);
  return args.findLast(({ name }) => relaxedName(name) === wanted || wanted.endsWith(`.${relaxedName(name)}`));
}
