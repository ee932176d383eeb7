import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { raise } from '../errors.ts';

const busy = 5;

/**
 * The lock of a data directory: held by one thread of one process, and released by the operating system when that dies, however it
 * dies. It is an open exclusive transaction of an otherwise empty SQLite file.
 */
export class DirectoryLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Takes the lock; `undefined` if another has it. */
  static take(dataDir: string): DirectoryLock | undefined {
    const path = join(dataDir, 'lock');
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: 0 });
      database.exec('BEGIN EXCLUSIVE');
      return new DirectoryLock(database);
    } catch (error) {
      database?.close();
      if ((error as { errcode?: number }).errcode === busy) return undefined;
      throw raise('lockFailed', { path, problem: (error as Error).message }, error);
    }
  }

  release(): void {
    this.#database.close();
  }
}
