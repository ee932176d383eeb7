import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** A lock that is held. It ends with `release`, and with this process however that ends. */
export interface Lock {
  /** Idempotent. */
  release(): void;
}

const sqliteBusy = 5;
const pollMs = 100;

/** Takes the lock that a file stands for, which is created where missing; `undefined` where another holds it longer than `waitMs`. */
export async function acquireLock(file: string, waitMs = 0): Promise<Lock | undefined> {
  const end = performance.now() + waitMs;
  for (;;) {
    const lock = tryLock(file);
    if (lock !== undefined || performance.now() > end) return lock;
    await sleep(pollMs);
  }
}

// SQLite's lock on an empty file is the operating system's: it never outlives its holder, however that ends.
function tryLock(file: string): Lock | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return { release: () => void (database.isOpen && database.close()) };
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}
