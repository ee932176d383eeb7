import { bootMetadata, visibleNames } from '@millrace/core';
import type { BootMetadata } from '@millrace/core';
import type { AppDefinition } from '@millrace/apps';

/** An option of an application, as Spring Boot's metadata tell it. */
export interface AppOption {
  /** The full name. */
  readonly id: string;
  /** The last part of it. */
  readonly name: string;
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly shortDescription?: string | undefined;
  readonly defaultValue?: unknown;
  /** Where there are few. */
  readonly choices?: readonly string[] | undefined;
  readonly deprecation?: unknown;
}

/** What an application can be told, and which channels it has where it has more than one each way. */
export interface AppMetadata {
  readonly description?: string | undefined;
  /** The visible ones first, in their order. */
  readonly options: readonly AppOption[];
  /** The ids that are shown to people. */
  readonly visible: ReadonlySet<string>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Of an application of which nothing is known. */
export const noMetadata: AppMetadata = { options: [], visible: new Set(), inputs: [], outputs: [] };

/** The list of visible names, as `META-INF/dataflow-configuration-metadata.properties` has it. */
export interface VisibleNames {
  /** Full names of options. */
  readonly names: readonly string[];
  /** Classes all of whose options are visible. */
  readonly classes: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Spring Boot's metadata, with what other sources than ours write. */
export interface FoundMetadata {
  readonly properties?: readonly FoundProperty[];
  readonly hints?: readonly { readonly name: string; readonly values?: readonly { readonly value: unknown }[] }[];
}

interface FoundProperty {
  readonly name: string;
  readonly type?: string;
  readonly description?: string;
  readonly defaultValue?: unknown;
  readonly sourceType?: string;
  readonly deprecation?: unknown;
}

/** The metadata of one of our own applications. */
export function metadataOf(app: AppDefinition): AppMetadata {
  const json: BootMetadata = bootMetadata(app.options);
  return { ...readMetadata(json, parseVisibleNames(visibleNames(app.options))), description: app.description };
}

/** Joins both files of an application's metadata. */
export function readMetadata({ properties = [], hints = [] }: FoundMetadata, shown: VisibleNames): AppMetadata {
  const values = new Map(hints.map(({ name, values: all = [] }) => [name, all.map(({ value }) => String(value))]));
  const options = properties.map((property) => optionOf(property, values.get(property.name)));
  const classes = new Set(shown.classes);
  const ofClasses = properties.filter(({ sourceType }) => sourceType !== undefined && classes.has(sourceType));
  const visible = new Set([...shown.names, ...ofClasses.map(({ name }) => name)]);
  const byId = new Map(options.map((option) => [option.id, option]));
  const first = [...visible].flatMap((id) => byId.get(id) ?? []);
  return {
    options: [...first, ...options.filter(({ id }) => !visible.has(id))],
    visible,
    inputs: shown.inputs,
    outputs: shown.outputs,
  };
}

/** Reads the file that lists visible names. */
export function parseVisibleNames(text: string): VisibleNames {
  const list = (key: string): readonly string[] => {
    const found =
      new RegExp(`^${key.replaceAll('.', '\\.')}\\s*=\\s*(.*)$`, 'm').exec(text.replaceAll(/\\\r?\n\s*/g, ''))?.[1] ?? '';
    return found
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean);
  };
  return {
    names: list('configuration-properties.names'),
    classes: list('configuration-properties.classes'),
    inputs: list('configuration-properties.inbound-ports'),
    outputs: list('configuration-properties.outbound-ports'),
  };
}

function optionOf(property: FoundProperty, choices: readonly string[] | undefined): AppOption {
  const { name: id, type, description, defaultValue, deprecation } = property;
  return {
    id,
    name: id.slice(id.lastIndexOf('.') + 1),
    type,
    description,
    shortDescription: description === undefined ? undefined : firstSentence(description),
    defaultValue,
    choices,
    deprecation,
  };
}

/** As Spring shortens: up to the first full stop before white space, in one line. */
function firstSentence(text: string): string {
  const end = /\.(?:\s|$)/.exec(text);
  return (end === null ? text : text.slice(0, end.index + 1)).replaceAll(/\s+/g, ' ').trim();
}
