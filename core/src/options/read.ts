import { coreError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { relaxedName } from './names.ts';
import { redactValue } from './redact.ts';
import type { OptionSet, OptionsOf, OptionSpec } from './spec.ts';
import { readValue } from './values.ts';

/** Where values come from: raw values by full name, in any relaxed spelling, and all of those below a prefix for maps. */
export interface OptionSource {
  get(name: string): unknown;
  under?(prefix: string): Readonly<Record<string, unknown>>;
}

/** A source over plain names and values, as typed on a command line. */
export function optionSource(values: Readonly<Record<string, unknown>>): OptionSource {
  const entries = Object.entries(values);
  const byName = new Map(entries.map(([name, value]) => [relaxedName(name), value]));
  return {
    get: (name) => byName.get(relaxedName(name)),
    under(prefix) {
      const start = `${relaxedName(prefix)}.`;
      const found = entries.filter(([name]) => relaxedName(name).startsWith(start));
      return Object.fromEntries(found.map(([name, value]) => [name.slice(startBelow(name, prefix)), value]));
    },
  };
}

// Spellings differ in length, but a name and its prefix have the same number of dotted parts.
function startBelow(name: string, prefix: string): number {
  let at = 0;
  for (let part = 0; part < prefix.split('.').length; part++) at = name.indexOf('.', at) + 1;
  return at;
}

/**
 * The values of all options, read from a source by full name or alias, with defaults. Raises `OPTION_INVALID` for a value that its
 * option does not take and `OPTION_REQUIRED` for one that is missing, both with code `INVALID_ARGUMENT`.
 */
export function readOptions<Set extends OptionSet>(specs: Set, source: OptionSource): OptionsOf<Set> {
  const values: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(specs)) values[key] = readOption(spec, source);
  return Object.freeze(values) as OptionsOf<Set>;
}

/** The value of one option, as {@link readOptions} does. */
export function readOption<T>(spec: OptionSpec<T>, source: OptionSource): T {
  const raw = rawValue(spec, source);
  const read = readValue(spec, raw);
  if ('rule' in read) {
    throw coreError('OPTION_INVALID', { option: spec.name, shown: redactValue(spec, raw), rule: read.rule });
  }
  const value = read.value ?? spec.default;
  if (value === undefined && spec.required) {
    throw coreError('OPTION_REQUIRED', { option: spec.name, shortName: spec.shortName, doc: spec.doc });
  }
  return value as T;
}

function rawValue(spec: OptionSpec, source: OptionSource): unknown {
  for (const name of [spec.name, ...spec.aliases]) {
    const raw = source.get(name);
    if (raw !== undefined) return raw;
    const below = spec.type === 'map' ? source.under?.(name) : undefined;
    if (below !== undefined && Object.keys(below).length > 0) return below;
  }
  return undefined;
}

/**
 * The option that a user means by a name: its full name or an alias in any relaxed spelling, else its short name. Raises
 * `OPTION_AMBIGUOUS` when a short name fits several.
 */
export function findOption(specs: OptionSet, typed: string): OptionSpec | undefined {
  const wanted = relaxedName(typed);
  const all = Object.values(specs);
  const exact = all.find((spec) => spec.name === typed) ?? all.find((spec) => isFullName(spec, wanted));
  if (exact !== undefined) return exact;
  const short = all.filter((spec) => relaxedName(spec.shortName) === wanted);
  if (short.length > 1) {
    throw coreError('OPTION_AMBIGUOUS', { option: typed, candidates: short.map((spec) => spec.name).join(', ') });
  }
  return short[0];
}

function isFullName(spec: OptionSpec, wanted: string): boolean {
  return [spec.name, ...spec.aliases].some(
    (name) => relaxedName(name) === wanted || (spec.type === 'map' && wanted.startsWith(`${relaxedName(name)}.`)),
  );
}

/**
 * Replaces short names by full ones. A name that is no option stays as it is if it may be meant for someone else; it raises
 * `OPTION_UNKNOWN`, with the nearest name, if it has no dot or starts like one of these options. `owner` is named in the message;
 * without it, unknown names are never refused.
 */
export function expandOptionNames(
  specs: OptionSet,
  given: Readonly<Record<string, unknown>>,
  owner?: string,
): Readonly<Record<string, unknown>> {
  const expanded: Record<string, unknown> = {};
  for (const [typed, value] of Object.entries(given)) {
    const spec = findOption(specs, typed);
    if (spec === undefined && owner !== undefined) rejectUnknown(specs, typed, owner);
    const below = spec?.type === 'map' && typed.includes('.') && relaxedName(typed) !== relaxedName(spec.name);
    expanded[spec === undefined || below ? typed : spec.name] = value;
  }
  return expanded;
}

function rejectUnknown(specs: OptionSet, typed: string, owner: string): void {
  const all = Object.values(specs);
  const prefixes = new Set(all.map((spec) => relaxedName(spec.name.slice(0, spec.name.lastIndexOf('.') + 1))));
  const prefix = relaxedName(typed.slice(0, typed.lastIndexOf('.') + 1));
  if (typed.includes('.') && !prefixes.has(prefix)) return;
  const names = all.flatMap((spec) => (typed.includes('.') ? [spec.name] : [spec.shortName]));
  throw coreError('OPTION_UNKNOWN', {
    option: typed,
    owner,
    hint: didYouMean(typed, names) || (names.length === 0 ? '; it takes none' : `; it takes ${names.join(', ')}`),
  });
}
