import { chownSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import type { Installation } from './server-kind.ts';

/** Writes a file whole or not at all; only its owner may read it. */
export function writeWhole(file: string, text: string, user?: Installation['user']): void {
  const part = `${file}.part`;
  writeFileSync(part, text, { mode: 0o600 });
  if (user !== undefined) chownSync(part, user.uid, user.gid);
  renameSync(part, file);
}

/** Makes a directory that the server's user owns. */
export function makeDirectory(directory: string, user?: Installation['user']): void {
  mkdirSync(directory, { recursive: true, mode: user === undefined ? 0o711 : 0o700 });
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
}

/** Lines of `name=value`, what was asked for winning over what the sandbox sets. */
export function propertyLines(
  settings: Readonly<Record<string, string | number | boolean>>,
  asked: Readonly<Record<string, string>>,
  separator = '=',
): string {
  return Object.entries({ ...settings, ...asked })
    .map(([name, value]) => `${name}${separator}${value}\n`)
    .join('');
}
