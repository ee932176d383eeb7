import { raise } from './errors.ts';

const units: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const leastBytes = 16 * 2 ** 20;

/** Reads a memory limit such as `512m`, `1g` or `1.5GiB` as bytes. Throws `BAD_MEMORY`. */
export function parseMemory(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmg])(?:i?b)?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * (units[unit?.toLowerCase() ?? ''] ?? Number.NaN));
  if (!(bytes >= leastBytes)) throw raise('BAD_MEMORY', { text, least: formatMemory(leastBytes) });
  return bytes;
}

/** Bytes as whole mebibytes, for people and for servers' options: `512m`. */
export function formatMemory(bytes: number): string {
  return `${mebibytes(bytes)}m`;
}

export function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
