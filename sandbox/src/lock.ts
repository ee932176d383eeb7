import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { raise } from './errors.ts';

const sqliteBusy = 5;
const pollMs = 100;

/** Runs `work` while no other process changes the same directory. Throws `SANDBOX_BUSY` where that lasts longer than `waitMs`. */
export async function withLock<T>(directory: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const lock = await acquire(directory, waitMs);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

// SQLite's lock on an empty file is the operating system's: it never outlives its holder, however that ends.
async function acquire(directory: string, waitMs: number): Promise<DatabaseSync> {
  const end = performance.now() + waitMs;
  for (;;) {
    const database = new DatabaseSync(join(directory, 'lock'));
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      return database;
    } catch (error) {
      database.close();
      if (!isBusy(error)) throw error;
      if (performance.now() > end) throw raise('SANDBOX_BUSY', { directory }, error);
    }
    await sleep(pollMs);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}
