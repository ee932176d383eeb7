import { readFile } from 'node:fs/promises';
import { messageOf } from '@millrace/core';
import type { OptionValues, ShellContext } from '../command.ts';
import { raise } from '../errors.ts';

/** Whether a switch is on. */
export function flag(values: OptionValues, name: string): boolean {
  const text = values[name] ?? 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  throw raise('OPTION_VALUE', { command: 'this', option: name, rule: "must be 'true' or 'false'", value: text });
}

/** A whole number. */
export function wholeNumber(values: OptionValues, name: string): number {
  const text = values[name] ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  throw raise('OPTION_VALUE', { command: 'this', option: name, rule: 'must be a whole number', value: text });
}

/**
 * Deployment properties from `--properties` or `--propertiesFile`: `a=b,c=d`, where a comma belongs to the value unless a name and `=`
 * follow it, or a file of such lines, of YAML's flat form, or JSON.
 */
export async function propertiesOf(values: OptionValues): Promise<Readonly<Record<string, string>>> {
  const { properties, propertiesFile } = values;
  if (properties !== undefined && propertiesFile !== undefined) throw raise('PROPERTIES_BOTH', {});
  if (propertiesFile !== undefined) return parseFile(propertiesFile, await readText(propertiesFile));
  return properties === undefined ? {} : parseProperties(splitProperties(properties));
}

/** The parts of `a=b,c=d`. */
export function splitProperties(text: string): readonly string[] {
  const parts: string[] = [];
  for (const part of text.split(',')) {
    if (parts.length === 0 || isProperty(part)) parts.push(part.trimStart());
    else parts.push(`${parts.pop()!},${part}`);
  }
  return parts.filter((part) => part.trim() !== '');
}

/** Asks before something that cannot be undone. */
export async function confirmed(context: ShellContext, values: OptionValues, command: string, question: string): Promise<boolean> {
  if (flag(values, 'force')) return true;
  const answer = await context.confirm(question);
  if (answer === undefined) throw raise('CONFIRMATION_NEEDED', { command });
  return answer;
}

/** The text of a file. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file.replace(/^~(?=\/)/, process.env['HOME'] ?? '~'), 'utf8');
  } catch (error) {
    throw raise('FILE_UNREADABLE', { file, problem: messageOf(error) }, error);
  }
}

function isProperty(text: string): boolean {
  return /^\s*[^\s=,]+=/.test(text);
}

function parseProperties(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at <= 0) throw raise('PROPERTY_INVALID', { text: line });
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

function parseFile(file: string, text: string): Readonly<Record<string, string>> {
  if (file.endsWith('.json')) return flatJson(JSON.parse(text) as object);
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('!') && line !== '---');
  const isYaml = /\.ya?ml$/.test(file);
  return parseProperties(isYaml ? lines.map((line) => line.replace(/^("?)(.+?)\1:\s+(["']?)(.*)\3$/, '$2=$4')) : lines);
}

function flatJson(values: object, prefix = ''): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'object' && value !== null) Object.assign(flat, flatJson(value as object, `${prefix}${name}.`));
    else flat[prefix + name] = String(value);
  }
  return flat;
}
