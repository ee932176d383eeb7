import { randomUUID } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '@millrace/processes';
import { makeDirectory, writeWhole } from '../config-file.ts';
import { raise } from '../errors.ts';
import { addressesOf, baseEnvironment, clientTls, memberDirectory, tlsFile } from '../member-plan.ts';
import { mebibytes } from '../memory.ts';
import { exchange } from '../probe.ts';
import { installHint, runProgram } from '../programs.ts';
import { userInsteadOfRoot } from '../server-user.ts';
import type { ConnectionSettings, Installation, LocateContext, MemberPlan, ServerKind, ServerRecord } from '../server-kind.ts';

const places = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
  '/Applications/Postgres.app/Contents/Versions/*/bin',
];
const database = 'postgres';

/** PostgreSQL with data and a superuser of the sandbox's own. */
export const postgres: ServerKind = {
  name: 'postgres',
  description: 'PostgreSQL',
  versions: ['system'],
  nodeCounts: [1],
  defaultMemory: '256m',
  members: () => [{ name: 'node-1', ports: ['postgres'] }],
  locate,
  prepare,
  plan: (record) => [[planNode(record)]],
  settings,
  container: {
    image: () => 'docker.io/library/postgres:17',
    ports: { postgres: 5432 },
    data: '/var/lib/postgresql/data',
    env: ({ credentials }) => ({
      POSTGRES_USER: credentials.username,
      POSTGRES_PASSWORD: credentials.password,
      POSTGRES_DB: database,
    }),
    args: ({ memoryBytes, config }) =>
      Object.entries({ ...memorySettings(memoryBytes), ...config }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  },
};

async function locate(_: string, { env, signal }: LocateContext): Promise<Installation> {
  const initdb = findProgram('initdb', places, env);
  const server = initdb === undefined ? undefined : join(dirname(initdb), 'postgres');
  if (initdb === undefined || server === undefined || !existsSync(server)) {
    const next = installHint({ apt: 'postgresql', dnf: 'postgresql-server', brew: 'postgresql@17' });
    throw raise('PROGRAM_MISSING', { server: 'PostgreSQL', program: 'initdb', places: `${places[0]!} and PATH`, next });
  }
  const printed = await runProgram(server, ['--version'], { signal });
  const user = await userInsteadOfRoot(['postgres', 'nobody']);
  return { version: /\d+(\.\d+)*/.exec(printed)?.[0] ?? 'unknown', paths: { initdb, server }, user };
}

function memorySettings(memoryBytes: number): Readonly<Record<string, string>> {
  const total = mebibytes(memoryBytes);
  return { shared_buffers: `${Math.max(1, Math.floor(total / 4))}MB`, work_mem: `${Math.max(1, Math.floor(total / 64))}MB` };
}

async function prepare(record: ServerRecord, signal?: AbortSignal): Promise<void> {
  const directory = memberDirectory(record, 'node-1');
  const { user } = record.installation;
  makeDirectory(directory, user);
  if (!existsSync(join(directory, 'data/PG_VERSION'))) await initialise(record, directory, signal);
  if (record.secure) {
    // The server insists on owning its key.
    for (const name of ['server', 'server-key', 'ca'] as const)
      writeWhole(join(directory, `${name}.pem`), readFileSync(tlsFile(record, name), 'utf8'), user);
    writeWhole(join(directory, 'data/pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n', user);
  }
  writeWhole(join(directory, 'postgresql.conf'), configuration(record, directory), user);
}

// In a directory beside it that is renamed at the end: one that was half made is never taken for data. Its name is new each time,
// because what a killed command began may still be writing.
async function initialise(record: ServerRecord, directory: string, signal: AbortSignal | undefined): Promise<void> {
  const { installation, credentials } = record;
  const made = join(directory, `data.${randomUUID()}.part`);
  const passwordFile = join(directory, 'password');
  for (const left of globSync(join(directory, 'data.*.part'))) rmSync(left, { recursive: true, force: true, maxRetries: 5 });
  writeWhole(passwordFile, `${credentials.password}\n`, installation.user);
  try {
    const identity = ['-U', credentials.username, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    await runProgram(installation.paths['initdb']!, ['-D', made, '-E', 'UTF8', '--locale=C', '--no-instructions', ...identity], {
      cwd: directory,
      env: baseEnvironment(directory),
      uid: installation.user?.uid,
      gid: installation.user?.gid,
      signal,
    });
  } finally {
    rmSync(passwordFile);
  }
  renameSync(made, join(directory, 'data'));
}

function configuration(record: ServerRecord, directory: string): string {
  const own = {
    listen_addresses: '127.0.0.1',
    port: String(record.members[0]!.ports['postgres']!),
    unix_socket_directories: '',
    hba_file: join(directory, 'data/pg_hba.conf'),
    ...memorySettings(record.memoryBytes),
    ...(record.secure
      ? { ssl: 'on', ssl_cert_file: join(directory, 'server.pem'), ssl_key_file: join(directory, 'server-key.pem') }
      : {}),
    ...record.config,
  };
  return Object.entries(own)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');
}

// The first message of the protocol, asking for version 3.0; the server answers what it wants for authentication.
function startupMessage(user: string): string {
  const body = `\0\x03\0\0user\0${user}\0database\0${database}\0\0`;
  return `\0\0\0${String.fromCharCode(body.length + 4)}${body}`;
}

// Asks for TLS; the server answers with one letter as soon as it takes connections at all.
const tlsRequest = '\0\0\0\x08\x04\xd2\x16\x2f';

function planNode(record: ServerRecord): MemberPlan {
  const directory = memberDirectory(record, 'node-1');
  const port = record.members[0]!.ports['postgres']!;
  const { user, paths } = record.installation;
  return {
    name: 'node-1',
    directory,
    command: paths['server'] ?? 'postgres',
    args: ['-D', join(directory, 'data'), '-c', `config_file=${join(directory, 'postgresql.conf')}`],
    env: baseEnvironment(directory),
    cwd: directory,
    uid: user?.uid,
    gid: user?.gid,
    // Ends sessions and writes a checkpoint; SIGTERM would wait for clients to leave by themselves.
    stopSignal: 'SIGINT',
    // SIGKILL would leave shared memory in the system.
    discardSignal: 'SIGQUIT',
    stopGraceMs: 20_000,
    ready: async () => isServing(port, record),
  };
}

async function isServing(port: number, { secure, credentials }: ServerRecord): Promise<boolean> {
  if (secure) return (await exchange(port, tlsRequest))?.startsWith('S') ?? false;
  // 'R' asks for the password; a server that is still starting answers with an error.
  return (await exchange(port, startupMessage(credentials.username)))?.startsWith('R') ?? false;
}

function settings(record: ServerRecord): ConnectionSettings {
  const addresses = addressesOf(record, 'postgres');
  const { username, password } = record.credentials;
  const tls = clientTls(record);
  const [host, port] = addresses[0]!.split(':') as [string, string];
  const query = tls === undefined ? '' : `?sslmode=verify-full&sslrootcert=${encodeURIComponent(tls.ca)}`;
  return {
    addresses,
    username,
    password,
    tls,
    env: {
      DATABASE_URL: `postgresql://${username}:${password}@${addresses[0]!}/${database}${query}`,
      PGHOST: host,
      PGPORT: port,
      PGUSER: username,
      PGPASSWORD: password,
      PGDATABASE: database,
      ...(tls === undefined ? {} : { PGSSLMODE: 'verify-full', PGSSLROOTCERT: tls.ca }),
    },
    spring: {
      'spring.datasource.url': `jdbc:postgresql://${addresses[0]!}/${database}${tls === undefined ? '' : `?sslmode=verify-full&sslrootcert=${tls.ca}`}`,
      'spring.datasource.username': username,
      'spring.datasource.password': password,
    },
    endpoints: {},
  };
}
