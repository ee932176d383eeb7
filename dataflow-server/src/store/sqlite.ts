import { DatabaseSync } from 'node:sqlite';
import type { StatementSync, SQLInputValue } from 'node:sqlite';
import { SqliteDialect } from 'kysely';

/** Kysely's SQLite dialect over the database that comes with Node. */
export function sqliteDialect(path: string): SqliteDialect {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000');
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare: (sql: string) => statement(database.prepare(sql)),
    },
  });
}

/** A prepared statement as the dialect wants it. */
function statement(prepared: StatementSync) {
  return {
    reader: prepared.columns().length > 0,
    all: (parameters: readonly unknown[]): unknown[] => prepared.all(...values(parameters)),
    run: (parameters: readonly unknown[]) => {
      const { changes, lastInsertRowid } = prepared.run(...values(parameters));
      return { changes: Number(changes), lastInsertRowid: BigInt(lastInsertRowid) };
    },
    iterate: (parameters: readonly unknown[]): IterableIterator<unknown> => prepared.iterate(...values(parameters)),
  };
}

function values(parameters: readonly unknown[]): SQLInputValue[] {
  return [...parameters] as SQLInputValue[];
}
