import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLock } from '@millrace/processes';
import { raise } from './errors.ts';

/** Runs `work` while no other process changes the same directory. Throws `SANDBOX_BUSY` where that lasts longer than `waitMs`. */
export async function withLock<T>(directory: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const lock = await acquireLock(join(directory, 'lock'), waitMs);
  if (lock === undefined) throw raise('SANDBOX_BUSY', { directory });
  try {
    return await work();
  } finally {
    lock.release();
  }
}
