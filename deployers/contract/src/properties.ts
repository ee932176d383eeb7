import { defineOptions, didYouMean, findOption, option, optionSource, readOptions, relaxedName } from '@millrace/core';
import type { OptionSet, OptionsOf } from '@millrace/core';
import { deployerError } from './errors.ts';

const prefix = 'spring.cloud.deployer.';

/** Deployment properties that every platform knows, under the names of Spring Cloud Deployer. */
export const commonOptions = defineOptions({
  count: option.int(`${prefix}count`, { doc: 'Instances.', default: 1, min: 0, max: 10_000 }),
  group: option.string(`${prefix}group`, { doc: 'What the deployment is part of: the stream.', default: '' }),
  indexed: option.boolean(`${prefix}indexed`, {
    doc: 'Whether each instance keeps its number for life, as partitioned consumers need.',
    default: false,
  }),
  memory: option.string(`${prefix}memory`, { doc: 'Memory of an instance: mebibytes, or with `m` or `g`.' }),
  disk: option.string(`${prefix}disk`, { doc: 'Disk space of an instance: mebibytes, or with `m` or `g`.' }),
  cpu: option.string(`${prefix}cpu`, { doc: 'Processors of an instance.' }),
  appName: option.string(`${prefix}app-name`, { doc: "The app's name without the version that is part of the deployment's name." }),
});

/** The values of {@link commonOptions}. */
export type CommonSettings = OptionsOf<typeof commonOptions>;

/** What a platform makes of the deployment properties of a request. */
export interface PlatformProperties<Set extends OptionSet> {
  /** As in messages: `local`. */
  readonly platform: string;
  /** Its own properties, all beneath `spring.cloud.deployer.<platform>.`. */
  readonly options: Set;
  /** Properties, or beginnings of properties up to a dot, that it accepts without using them. */
  readonly meaningless?: readonly string[];
}

/** Deployment properties, read. */
export interface ReadProperties<Set extends OptionSet> {
  readonly common: CommonSettings;
  readonly own: OptionsOf<Set>;
  /** Names that were given and have no meaning on this platform. */
  readonly ignored: readonly string[];
}

/**
 * Reads deployment properties, in any relaxed spelling. `defaults` are the platform's own settings, weaker than the request's. What
 * belongs to another platform or to nobody here is ignored and listed. Throws `PROPERTY_UNKNOWN` for a property of this platform or
 * of all that does not exist, and `OPTION_INVALID`; both are `INVALID_ARGUMENT`.
 */
export function readProperties<Set extends OptionSet>(
  platform: PlatformProperties<Set>,
  given: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>> = {},
): ReadProperties<Set> {
  const specs: OptionSet = { ...commonOptions, ...platform.options };
  const ignored = Object.keys(given).filter((name) => !isMeant(platform, specs, name));
  // One form of each name, so that the request's spelling wins over that of the defaults.
  const merged = new Map<string, string>();
  for (const [name, value] of [...Object.entries(defaults), ...Object.entries(given)]) merged.set(canonical(specs, name), value);
  const source = optionSource(Object.fromEntries(merged));
  return { common: readOptions(commonOptions, source), own: readOptions(platform.options, source), ignored };
}

/** A property's name in the form that two spellings share. Names beneath a map keep their last part as it was written. */
function canonical(specs: OptionSet, name: string): string {
  const spec = findOption(specs, name);
  if (spec === undefined) return relaxedName(name);
  const below = spec.type === 'map' ? name.split('.').slice(spec.name.split('.').length) : [];
  return [spec.name, ...below].join('.');
}

function isMeant(platform: PlatformProperties<OptionSet>, specs: OptionSet, name: string): boolean {
  const relaxed = relaxedName(name);
  const isMeaningless = (each: string) => relaxed === relaxedName(each) || relaxed.startsWith(`${relaxedName(each)}.`);
  if (!relaxed.startsWith(prefix) || platform.meaningless?.some(isMeaningless) === true) return false;
  if (name.includes('.') && findOption(specs, name) !== undefined) return true;
  const [first, ...rest] = relaxed.slice(prefix.length).split('.');
  if (rest.length > 0 && first !== relaxedName(platform.platform)) return false; // another platform's
  const hint = didYouMean(
    name,
    Object.values(specs).map((spec) => spec.name),
  );
  throw deployerError('PROPERTY_UNKNOWN', { platform: platform.platform, property: name, hint });
}

/** Mebibytes of `512m`, `2g` or a plain number of mebibytes. Throws `SIZE_INVALID`. */
export function parseSize(property: string, text: string): number {
  const [, number, unit] = /^\s*(\d+)\s*([mg])?\s*$/i.exec(text) ?? [];
  if (number === undefined) throw deployerError('SIZE_INVALID', { property, text });
  return Number(number) * (unit?.toLowerCase() === 'g' ? 1024 : 1);
}
