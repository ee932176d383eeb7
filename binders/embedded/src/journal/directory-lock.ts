import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { raise } from '../errors.ts';

const sqliteBusy = 5;

/** Held until it is released or the process ends, however it ends. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Takes a directory for this process alone, without waiting. The lock is the operating system's, so that it never outlives its
 * holder. Throws `directoryInUse`, or `directoryUnusable` where the lock file cannot be opened.
 */
export function lockDirectory(directory: string): DirectoryLock {
  const database = openLockFile(directory);
  try {
    // Node has no file locks of its own; SQLite takes one on an empty database file and writes nothing.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw lockError(directory, error);
  }
  return { release: () => database.isOpen && database.close() };
}

/** Whether somebody holds a directory's lock at this moment. A directory that does not exist is held by nobody. */
export function isLocked(directory: string): boolean {
  if (!existsSync(join(directory, 'lock'))) return false;
  const database = openLockFile(directory);
  try {
    database.exec('SELECT 1 FROM sqlite_schema');
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw lockError(directory, error);
  } finally {
    database.close();
  }
}

function openLockFile(directory: string): DatabaseSync {
  try {
    return new DatabaseSync(join(directory, 'lock'));
  } catch (error) {
    throw lockError(directory, error);
  }
}

function lockError(directory: string, error: unknown): Error {
  return isBusy(error)
    ? raise('DIRECTORY_IN_USE', { directory }, error)
    : raise('JOURNAL_DIRECTORY_UNUSABLE', { directory, why: 'its lock cannot be taken' }, error);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}
