/** What kind of value an option takes; decides how it is read, documented and completed. */
export type OptionType =
  | 'string'
  | 'int'
  | 'number'
  | 'boolean'
  | 'duration'
  | 'enum'
  | 'list'
  | 'map'
  | 'expression'
  | 'pattern'
  | 'file';

/**
 * One option of an app, a command or a server, as data. `T` is the type of its value: with `undefined` unless it has a default or is
 * required. Everything else about options (reading, help, reference, schemas, metadata, masking) derives from these fields.
 */
export interface OptionSpec<T = unknown> {
  readonly type: OptionType;
  /** The full name in kebab case with its prefix: `filter.function.expression`. */
  readonly name: string;
  /** What users may type instead, unless another option has the same: the last part of the full name. */
  readonly shortName: string;
  /** One sentence on what it does. */
  readonly doc: string;
  readonly default: T | undefined;
  /** How the default is shown where its value depends on the machine or on other options. */
  readonly defaultText: string | undefined;
  /** What a number counts: `ms`, `bytes`, `messages`. */
  readonly unit: string | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** The choices of an `enum`, as documented; they are accepted in any case and spelling of word breaks. */
  readonly values: readonly string[] | undefined;
  readonly required: boolean;
  /** Masked in every output. */
  readonly secret: boolean;
  /** Other full names that are accepted. */
  readonly aliases: readonly string[];
}

/** Option specs by the property name that code reads them with. */
export type OptionSet = Readonly<Record<string, OptionSpec>>;

/** The values of an option set. */
export type OptionsOf<Set extends OptionSet> = {
  readonly [Key in keyof Set]: Set[Key] extends OptionSpec<infer T> ? T : never;
};

/** What every builder takes. */
export interface OptionSettings<T> {
  readonly doc: string;
  readonly default?: T;
  readonly defaultText?: string;
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly aliases?: readonly string[];
  readonly shortName?: string;
}

interface NumberSettings extends OptionSettings<number> {
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
}

interface EnumSettings<Value extends string> extends OptionSettings<Value> {
  readonly values: readonly Value[];
}

type Given<T, Settings> = Settings extends { readonly default: T } | { readonly required: true } ? T : T | undefined;
type ValuesOf<Settings> = Settings extends { readonly values: readonly (infer Value)[] } ? Value : never;
type AnySettings = OptionSettings<unknown> & { unit?: string; min?: number; max?: number; values?: readonly string[] };

function spec(type: OptionType, name: string, settings: AnySettings): OptionSpec<never> {
  return Object.freeze({
    type,
    name,
    shortName: settings.shortName ?? name.slice(name.lastIndexOf('.') + 1),
    doc: settings.doc,
    default: settings.default as undefined,
    defaultText: settings.defaultText,
    unit: settings.unit,
    min: settings.min,
    max: settings.max,
    values: settings.values,
    required: settings.required ?? false,
    secret: settings.secret ?? false,
    aliases: settings.aliases ?? [],
  });
}

/** Builders of option specs: the full name, then what there is to say about it. */
export const option = {
  string: <const S extends OptionSettings<string>>(name: string, settings: S): OptionSpec<Given<string, S>> =>
    spec('string', name, settings),
  /** A whole number. */
  int: <const S extends NumberSettings>(name: string, settings: S): OptionSpec<Given<number, S>> => spec('int', name, settings),
  number: <const S extends NumberSettings>(name: string, settings: S): OptionSpec<Given<number, S>> =>
    spec('number', name, settings),
  boolean: <const S extends OptionSettings<boolean>>(name: string, settings: S): OptionSpec<Given<boolean, S>> =>
    spec('boolean', name, settings),
  /** A span of time, in milliseconds once read: `1s`, `500ms`, `PT1S` or plain milliseconds. */
  duration: <const S extends NumberSettings>(name: string, settings: S): OptionSpec<Given<number, S>> =>
    spec('duration', name, { unit: 'ms', ...settings }),
  enum: <const S extends EnumSettings<string>>(name: string, settings: S): OptionSpec<Given<ValuesOf<S>, S>> =>
    spec('enum', name, settings),
  /** Comma-separated texts. */
  list: <const S extends OptionSettings<readonly string[]>>(name: string, settings: S): OptionSpec<Given<readonly string[], S>> =>
    spec('list', name, settings),
  /** Lines `key=value`; `\n` may be written as two characters. Also taken from options named `<name>.<key>`. */
  map: <const S extends OptionSettings<Readonly<Record<string, string>>>>(
    name: string,
    settings: S,
  ): OptionSpec<Given<Readonly<Record<string, string>>, S>> => spec('map', name, settings),
  /** The text of an expression; whoever uses it compiles it. */
  expression: <const S extends OptionSettings<string>>(name: string, settings: S): OptionSpec<Given<string, S>> =>
    spec('expression', name, settings),
  /** The text of a regular expression. */
  pattern: <const S extends OptionSettings<string>>(name: string, settings: S): OptionSpec<Given<string, S>> =>
    spec('pattern', name, settings),
  /** The path of a file or directory. */
  file: <const S extends OptionSettings<string>>(name: string, settings: S): OptionSpec<Given<string, S>> =>
    spec('file', name, settings),
  /** Text that is masked in every output. */
  secret: <const S extends OptionSettings<string>>(name: string, settings: S): OptionSpec<Given<string, S>> =>
    spec('string', name, { ...settings, secret: true }),
};

/** Declares the options of something. Rejects a set in which two options have the same full name, which is a programming error. */
export function defineOptions<const Set extends OptionSet>(specs: Set): Set {
  const names = new Set<string>();
  for (const each of Object.values(specs)) {
    if (names.has(each.name)) throw new TypeError(`Option '${each.name}' is defined twice.`);
    names.add(each.name);
  }
  return Object.freeze(specs);
}
