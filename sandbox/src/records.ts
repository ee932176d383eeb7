import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@millrace/core';
import { writeWhole } from './config-file.ts';
import { raise } from './errors.ts';
import type { ServerRecord } from './server-kind.ts';

const fileName = 'server.json';

/** What a directory's server was set up as, if one was. Throws `RECORD_BROKEN`. */
export function recordIn(directory: string): ServerRecord | undefined {
  const file = join(directory, fileName);
  if (!existsSync(file)) return undefined;
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as ServerRecord;
    if (record.format !== 1) throw new Error(`its format is ${String(record.format)}, not 1`);
    return { ...record, directory };
  } catch (error) {
    throw raise('RECORD_BROKEN', { file, problem: messageOf(error) }, error);
  }
}

/** The records of all servers of a sandbox, by name. */
export function recordsIn(sandbox: string): readonly ServerRecord[] {
  if (!existsSync(sandbox)) return [];
  return readdirSync(sandbox)
    .toSorted()
    .flatMap((name) => recordIn(join(sandbox, name)) ?? []);
}

/** Keeps a record; only its owner may read it, because it holds the server's password. */
export function writeRecord(record: ServerRecord): void {
  writeWhole(join(record.directory, fileName), `${JSON.stringify(record, undefined, 2)}\n`);
}
