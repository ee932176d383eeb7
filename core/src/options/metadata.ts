import { defaultText } from './render.ts';
import type { OptionSet, OptionSpec, OptionType } from './spec.ts';

const jsonTypes: Readonly<Record<OptionType, object>> = {
  string: { type: 'string' },
  int: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  duration: { type: ['string', 'number'] },
  enum: { type: 'string' },
  list: { type: 'array', items: { type: 'string' } },
  map: { type: 'object', additionalProperties: { type: 'string' } },
  expression: { type: 'string' },
  pattern: { type: 'string', format: 'regex' },
  file: { type: 'string' },
};

/** A JSON schema (2020-12) of an object with the options by full name. */
export function optionJsonSchema(specs: OptionSet): Record<string, unknown> {
  const all = Object.values(specs);
  const required = all.filter((spec) => spec.required).map((spec) => spec.name);
  return {
    type: 'object',
    properties: Object.fromEntries(all.map((spec) => [spec.name, propertySchema(spec)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function propertySchema(spec: OptionSpec): Record<string, unknown> {
  return {
    ...jsonTypes[spec.type],
    description: spec.doc,
    ...(spec.values === undefined ? {} : { enum: spec.values }),
    ...(spec.min === undefined || spec.type === 'duration' ? {} : { minimum: spec.min }),
    ...(spec.max === undefined || spec.type === 'duration' ? {} : { maximum: spec.max }),
    ...(spec.default === undefined ? {} : { default: spec.default }),
    ...(spec.secret ? { writeOnly: true } : {}),
  };
}

const javaTypes: Readonly<Record<OptionType, string>> = {
  string: 'java.lang.String',
  int: 'java.lang.Integer',
  number: 'java.lang.Double',
  boolean: 'java.lang.Boolean',
  duration: 'java.time.Duration',
  enum: 'java.lang.String',
  list: 'java.util.List<java.lang.String>',
  map: 'java.util.Properties',
  expression: 'org.springframework.expression.Expression',
  pattern: 'java.util.regex.Pattern',
  file: 'java.io.File',
};

/** Spring Boot's configuration metadata, which SCDF's shell and dashboard complete and document options from. */
export interface BootMetadata {
  readonly groups: readonly { readonly name: string }[];
  readonly properties: readonly {
    readonly name: string;
    readonly type: string;
    readonly description: string;
    readonly defaultValue?: unknown;
  }[];
  readonly hints: readonly { readonly name: string; readonly values: readonly { readonly value: string }[] }[];
}

/** The options in Spring Boot's metadata format. */
export function bootMetadata(specs: OptionSet): BootMetadata {
  const all = Object.values(specs);
  const groups = new Set(all.map((spec) => spec.name.slice(0, Math.max(0, spec.name.lastIndexOf('.')))));
  return {
    groups: [...groups].filter((name) => name !== '').map((name) => ({ name })),
    properties: all.map((spec) => ({ name: spec.name, type: javaTypes[spec.type], description: spec.doc, ...bootDefault(spec) })),
    hints: all
      .filter((spec) => spec.values !== undefined)
      .map((spec) => ({ name: spec.name, values: spec.values!.map((value) => ({ value })) })),
  };
}

function bootDefault(spec: OptionSpec): { defaultValue?: unknown } {
  if (spec.default === undefined && spec.defaultText === undefined) return {};
  const plain = typeof spec.default === 'number' || typeof spec.default === 'boolean';
  return { defaultValue: plain && spec.type !== 'duration' ? spec.default : defaultText(spec) };
}

/** The names that SCDF shows and offers short names for, as its `dataflow-configuration-metadata.properties` has them. */
export function visibleNames(specs: OptionSet): string {
  return `configuration-properties.names=${Object.values(specs)
    .map((spec) => spec.name)
    .join(',')}\n`;
}
