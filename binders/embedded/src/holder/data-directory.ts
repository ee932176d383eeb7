import { closeSync, existsSync, fsyncSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@millrace/core';
import { makeDirectory } from '@millrace/core/files';
import { raise } from '../errors.ts';
import { sequenceOf } from '../journal/segment.ts';

/** The version of the layout of data directories that this package writes; it reads all up to it. */
export const formatVersion = 1;

/** Where the journal of a data directory lies, and its lock. */
export function journalDirectory(dataDir: string): string {
  return join(dataDir, 'journal');
}

/** Creates the directory for its owner alone where missing. Throws with the reason if it cannot be used. */
export function prepareDirectory(dataDir: string): void {
  try {
    makeDirectory(dataDir, 0o700);
    const probe = join(dataDir, `.probe-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw directoryError(dataDir, error);
  }
}

function directoryError(dataDir: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOTDIR' || code === 'EEXIST') return raise('DIRECTORY_IS_FILE', { dataDir }, error);
  if (code === 'ENAMETOOLONG' || code === 'ELOOP' || code === 'ERR_INVALID_ARG_VALUE')
    return raise('DIRECTORY_NAME_INVALID', { dataDir, why: code === 'ENAMETOOLONG' ? 'it is too long' : messageOf(error) }, error);
  if (code === 'ENOSPC') return raise('JOURNAL_DISK_FULL', { directory: dataDir }, error);
  return raise('JOURNAL_DIRECTORY_UNUSABLE', { directory: dataDir, why: messageOf(error) }, error);
}

/** Refuses a directory that a newer version wrote, before anything in it is touched. */
export function refuseNewer(dataDir: string, version: string): void {
  const path = formatPath(dataDir);
  if (!existsSync(path)) return;
  const found = readFormat(path);
  if (found.format > formatVersion)
    throw raise('FORMAT_NEWER', {
      dataDir,
      found: found.format,
      writer: found.version ?? 'unknown',
      known: formatVersion,
      version,
    });
}

/** Refuses a directory that has lost its journal, which would look like a new one. */
export function refuseEmptied(dataDir: string): void {
  // A journal has a segment before the format is noted, and always from then on.
  if (!existsSync(formatPath(dataDir)) || hasSegments(journalDirectory(dataDir))) return;
  throw raise('JOURNAL_GONE', { dataDir, directory: journalDirectory(dataDir) });
}

function hasSegments(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).some((name) => sequenceOf(name) !== undefined);
}

/** Notes in a new directory what it is written in. Only the holder of the lock calls this. */
export function noteFormat(dataDir: string, version: string): void {
  const path = formatPath(dataDir);
  if (!existsSync(path)) writeFormat(path, version);
}

function formatPath(dataDir: string): string {
  return join(dataDir, 'format.json');
}

function readFormat(path: string): { readonly format: number; readonly version?: string } {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as { format: number; version?: string };
    if (Number.isInteger(found.format)) return found;
  } catch (error) {
    throw raise('FORMAT_UNREADABLE', { path }, error);
  }
  throw raise('FORMAT_UNREADABLE', { path });
}

function writeFormat(path: string, version: string): void {
  const file = openSync(path, 'w', 0o600);
  writeSync(file, `${JSON.stringify({ format: formatVersion, version })}\n`);
  fsyncSync(file);
  closeSync(file);
}
