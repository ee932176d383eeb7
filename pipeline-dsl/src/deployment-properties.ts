import { raise } from './errors.ts';

const keyStarts = ['app', 'deployer', 'version', 'scheduler', 'spring.cloud.dataflow.task'];

/**
 * Reads `key=value,key=value`. A value may contain commas: what does not start like a key belongs to the value before it.
 * Keys and values are trimmed; of a repeated key the last value wins. Throws `propertiesMalformed` if the first part is no key.
 */
export function parseDeploymentProperties(text: string): Readonly<Record<string, string>> {
  const pairs: string[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    if (startsPair(part)) pairs.push(part);
    else if (pairs.length > 0) pairs.push(`${pairs.pop()},${part}`);
    else throw raise('propertiesMalformed', { found: part.trim(), expected: 'app.<label>.<name>=<value>' });
  }
  return Object.fromEntries(pairs.map(splitPair));
}

function startsPair(part: string): boolean {
  const key = part.trimStart().replace(/^--/, '');
  return part.includes('=') && keyStarts.some((start) => key.startsWith(start));
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}
