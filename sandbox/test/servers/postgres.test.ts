import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram } from '@millrace/processes';
import { sandbox } from '../../src/index.ts';
import type { RunningServer } from '../../src/index.ts';
import { runProgram } from '../../src/programs.ts';

const missing = await sandbox.missing('postgres');

/** Asks through the client that comes with the server, with nothing but the printed variables. */
async function ask(server: RunningServer, sql: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const initdb = findProgram('initdb', ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql*/bin'])!;
  const variables = { PATH: process.env['PATH'], ...server.settings.env, ...env };
  return (await runProgram(join(dirname(initdb), 'psql'), ['-X', '-A', '-t', '-c', sql], { env: variables })).trim();
}

describe.skipIf(missing !== undefined)('postgres', { timeout: 90_000 }, () => {
  it('keeps its data over a crash and a restart', async () => {
    await using postgres = await sandbox.start('postgres', { config: { log_statement: 'ddl' } });
    const [node] = postgres.nodes as [(typeof postgres.nodes)[0]];
    await ask(postgres, 'create table kept as select 7 as n');
    await node.kill();
    expect(await node.state()).toBe('dead');
    await node.start();
    expect(await ask(postgres, 'select n from kept')).toBe('7');
    await node.restart();
    expect(await ask(postgres, 'show log_statement')).toBe('ddl');
    await expect(ask(postgres, 'select 1', { PGPASSWORD: 'guessed' })).rejects.toThrow(/password authentication failed/);
  });

  it('lets nobody in without TLS with --secure', async () => {
    await using postgres = await sandbox.start('postgres', { secure: true });
    expect(await ask(postgres, 'select version from pg_stat_ssl where pid = pg_backend_pid()')).toMatch(/^TLSv1\./);
    await expect(ask(postgres, 'select 1', { PGSSLMODE: 'disable' })).rejects.toThrow(/no pg_hba.conf entry|no encryption/);
  });
});
