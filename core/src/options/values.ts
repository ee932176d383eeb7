import { parseDuration } from './duration.ts';
import { relaxedName } from './names.ts';
import type { OptionSpec, OptionType } from './spec.ts';

/** A value read, or the rule it broke. */
export type ReadValue = { readonly value: unknown } | { readonly rule: string };

type Reader = (raw: unknown, spec: OptionSpec) => ReadValue;

const text: Reader = (raw) => {
  if (typeof raw === 'string') return { value: raw };
  return typeof raw === 'object' ? { rule: 'must be text' } : { value: JSON.stringify(raw) };
};

const readers: Readonly<Record<OptionType, Reader>> = {
  string: text,
  expression: text,
  file: text,
  pattern: (raw) => {
    const pattern = String(raw);
    try {
      return { value: (new RegExp(pattern), pattern) };
    } catch {
      return { rule: 'must be a regular expression' };
    }
  },
  int: (raw, spec) => {
    const value = /^[+-]?\d+$/.test(String(raw).trim()) ? Number(raw) : Number.NaN;
    return Number.isSafeInteger(value) ? within(value, spec) : { rule: 'must be a whole number' };
  },
  number: (raw, spec) => {
    const value = typeof raw === 'number' ? raw : Number(String(raw));
    return Number.isFinite(value) ? within(value, spec) : { rule: 'must be a number' };
  },
  duration: (raw, spec) => {
    const value = parseDuration(typeof raw === 'number' ? raw : String(raw));
    return value === undefined
      ? { rule: 'must be a duration such as 500ms, 1s, PT1S or a number of milliseconds' }
      : within(value, spec);
  },
  boolean: (raw) => readBoolean(String(raw).trim().toLowerCase()),
  enum: (raw, spec) => {
    const wanted = relaxedName(String(raw).trim());
    const value = spec.values!.find((each) => relaxedName(each) === wanted);
    return value === undefined ? { rule: `must be one of ${spec.values!.join(', ')}` } : { value };
  },
  list: (raw) => ({ value: Array.isArray(raw) ? raw.map(String) : splitList(String(raw)) }),
  map: (raw) => readMap(raw),
};

/**
 * Reads one value as its option's type. Text that is empty, also in the form `\"\"` in which older servers write it, is no value for
 * options that are not text.
 */
export function readValue(spec: OptionSpec, raw: unknown): ReadValue {
  const plain = raw === '\\"\\"' ? '' : raw;
  if (plain === null || plain === undefined) return { value: undefined };
  const textual = spec.type === 'string' || spec.type === 'expression' || spec.type === 'file';
  if (plain === '' && !textual) return { value: undefined };
  return readers[spec.type](plain, spec);
}

function within(value: number, spec: OptionSpec): ReadValue {
  const unit = spec.unit === undefined ? '' : ` ${spec.unit}`;
  if (spec.min !== undefined && value < spec.min) return { rule: `must be at least ${spec.min}${unit}` };
  if (spec.max !== undefined && value > spec.max) return { rule: `must be at most ${spec.max}${unit}` };
  return { value };
}

function readBoolean(word: string): ReadValue {
  if (['true', 'yes', 'on', '1'].includes(word)) return { value: true };
  if (['false', 'no', 'off', '0'].includes(word)) return { value: false };
  return { rule: 'must be true or false' };
}

function splitList(raw: string): string[] {
  return raw
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function readMap(raw: unknown): ReadValue {
  if (typeof raw === 'object') {
    const entries = Object.entries(raw as Record<string, unknown>).map(([key, value]) => [key, String(value)] as const);
    return { value: Object.fromEntries(entries) };
  }
  if (typeof raw !== 'string') return { rule: "must be lines 'key=value'" };
  const entries: [string, string][] = [];
  for (const line of raw.split(/\r?\n|\\n/)) {
    if (line.trim() === '') continue;
    const at = line.indexOf('=');
    if (at < 1) return { rule: `must be lines 'key=value'; '${line.trim()}' has no '='` };
    entries.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return { value: Object.fromEntries(entries) };
}
