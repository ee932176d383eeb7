import { problem } from '@millrace/dataflow-api';

/** A parameter that must be there; it may be empty. Throws `PARAMETER_MISSING`. */
export function required(parameters: URLSearchParams, name: string): string {
  const value = parameters.get(name);
  if (value === null) throw problem('PARAMETER_MISSING', { name });
  return value;
}

/** A parameter; an empty one counts as absent. */
export function optional(parameters: URLSearchParams, name: string): string | undefined {
  return parameters.get(name) || undefined;
}

const truths = new Map([
  ['true', true],
  ['on', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['off', false],
  ['no', false],
  ['0', false],
]);

/** A yes or no, in Spring's spellings; absent or empty: no. Throws `PARAMETER_INVALID`. */
export function flag(parameters: URLSearchParams, name: string): boolean {
  const value = optional(parameters, name);
  if (value === undefined) return false;
  const found = truths.get(value.toLowerCase());
  if (found === undefined) throw problem('PARAMETER_INVALID', { name, rule: 'must be true or false', value });
  return found;
}

/** A whole number. Throws `PARAMETER_INVALID`. */
export function wholeNumber(parameters: URLSearchParams, name: string): number | undefined {
  const value = optional(parameters, name);
  if (value === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(value)) throw problem('PARAMETER_INVALID', { name, rule: 'must be a whole number', value });
  return Number(value);
}

/** One of a set of constants. Throws `CHOICE_INVALID`. */
export function choice<const T extends string>(value: string, name: string, all: readonly T[]): T {
  const found = all.find((each) => each === value);
  if (found === undefined) throw problem('CHOICE_INVALID', { name, choices: all.join(', ') });
  return found;
}

/** Values of a repeatable parameter, which may also be given as a list with commas. Throws `CHOICE_INVALID`. */
export function choices<const T extends string>(parameters: URLSearchParams, name: string, all: readonly T[]): readonly T[] {
  const values = parameters.getAll(name).flatMap((each) => each.split(','));
  return values.filter(Boolean).map((value) => choice(value, name, all));
}
