import { join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { makeDirectory } from '@millrace/core/files';
import { raise } from '../errors.ts';
import * as registryDefinitionsAudit from './migrations/0001-registry-definitions-audit.ts';
import { sqliteDialect } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** A connection or a transaction. */
export type Database = Kysely<Tables>;

/** In their order; the number of those that were applied is the version of a store. */
const migrations = [registryDefinitionsAudit];

/** All state of a server: one database. */
export class Store {
  readonly db: Database;
  /** SQLite has one writer; transactions wait for each other here instead of failing there. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(db: Database) {
    this.db = db;
  }

  /**
   * Opens the database in a directory, or one in memory, and brings it up to date. Throws `STORE_NEWER` for one of a newer version,
   * which is left as it is.
   */
  static async open(directory?: string): Promise<Store> {
    if (directory !== undefined) makeDirectory(directory, 0o700);
    const path = directory === undefined ? ':memory:' : join(directory, 'dataflow.sqlite');
    const store = new Store(new Kysely<Tables>({ dialect: sqliteDialect(path) }));
    try {
      await store.#migrate(path);
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /** Runs `work` as one step: all of it is stored, or nothing. */
  async transaction<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const running = this.#last.then(async () => this.db.transaction().execute(work));
    this.#last = running.catch(() => undefined);
    return running;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.db.destroy();
  }

  async #migrate(path: string): Promise<void> {
    const { rows } = await sql<{ user_version: number }>`PRAGMA user_version`.execute(this.db);
    const found = rows[0]!.user_version;
    if (found > migrations.length) throw raise('STORE_NEWER', { path, found, known: migrations.length });
    for (const [i, migration] of migrations.entries()) {
      if (i < found) continue;
      await this.transaction(async (db) => {
        await migration.up(db as unknown as Kysely<never>);
        await sql.raw(`PRAGMA user_version = ${i + 1}`).execute(db);
      });
    }
  }
}
