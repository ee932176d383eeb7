import { join } from 'node:path';
import { findProgram } from '@millrace/processes';
import { makeDirectory, propertyLines, writeWhole } from '../config-file.ts';
import { raise } from '../errors.ts';
import { addressesOf, baseEnvironment, clientTls, memberDirectory, tlsFile } from '../member-plan.ts';
import { exchange } from '../probe.ts';
import { installHint, runProgram } from '../programs.ts';
import type { ConnectionSettings, Installation, LocateContext, MemberPlan, ServerKind, ServerRecord } from '../server-kind.ts';

/** Redis, or Valkey where that is what is installed. */
export const redis: ServerKind = {
  name: 'redis',
  description: 'Redis or Valkey',
  versions: ['system'],
  nodeCounts: [1],
  defaultMemory: '256m',
  members: () => [{ name: 'node-1', ports: ['redis'] }],
  locate,
  prepare,
  plan: (record) => [[planNode(record)]],
  settings,
  container: {
    image: () => 'docker.io/library/redis:7',
    ports: { redis: 6379 },
    data: '/data',
    env: () => ({}),
    args: ({ memoryBytes, config }) => ['redis-server', ...options({ ...shared(memoryBytes), ...config })],
  },
};

async function locate(_: string, { env, signal }: LocateContext): Promise<Installation> {
  const places = ['/opt/homebrew/bin', '/usr/local/bin'];
  const server = findProgram('redis-server', places, env) ?? findProgram('valkey-server', places, env);
  if (server === undefined) {
    const next = installHint({ apt: 'redis-server', dnf: 'redis', brew: 'redis' });
    throw raise('PROGRAM_MISSING', { server: 'Redis', program: 'redis-server', places: 'PATH', next });
  }
  const printed = await runProgram(server, ['--version'], { signal });
  return { version: /v=(\S+)/.exec(printed)?.[1] ?? 'unknown', paths: { server } };
}

function shared(memoryBytes: number): Readonly<Record<string, string>> {
  return { maxmemory: String(memoryBytes), 'maxmemory-policy': 'noeviction', appendonly: 'yes', save: '""' };
}

function options(settingsOf: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settingsOf).flatMap(([name, value]) => [`--${name}`, value === '""' ? '' : value]);
}

function listening(record: ServerRecord): Readonly<Record<string, string | number>> {
  const port = record.members[0]!.ports['redis']!;
  if (!record.secure) return { port };
  return {
    port: 0,
    'tls-port': port,
    'tls-cert-file': tlsFile(record, 'server'),
    'tls-key-file': tlsFile(record, 'server-key'),
    'tls-ca-cert-file': tlsFile(record, 'ca'),
    'tls-auth-clients': 'optional',
    requirepass: record.credentials.password,
  };
}

async function prepare(record: ServerRecord): Promise<void> {
  const directory = memberDirectory(record, 'node-1');
  const data = join(directory, 'data');
  makeDirectory(directory);
  makeDirectory(data);
  const common = { bind: '127.0.0.1', daemonize: 'no', dir: data, ...shared(record.memoryBytes) };
  writeWhole(join(directory, 'redis.conf'), propertyLines({ ...common, ...listening(record) }, record.config, ' '));
}

function planNode(record: ServerRecord): MemberPlan {
  const directory = memberDirectory(record, 'node-1');
  const port = record.members[0]!.ports['redis']!;
  const ca = record.secure ? tlsFile(record, 'ca') : undefined;
  return {
    name: 'node-1',
    directory,
    command: record.installation.paths['server'] ?? 'redis-server',
    args: [join(directory, 'redis.conf')],
    env: baseEnvironment(directory),
    cwd: directory,
    stopSignal: 'SIGTERM',
    discardSignal: 'SIGKILL',
    stopGraceMs: 10_000,
    // While it loads its data it answers -LOADING.
    ready: async () => /^(\+PONG|-NOAUTH)/.test((await exchange(port, 'PING\r\n', ca)) ?? ''),
  };
}

function settings(record: ServerRecord): ConnectionSettings {
  const addresses = addressesOf(record, 'redis');
  const [host, port] = addresses[0]!.split(':') as [string, string];
  const spring = { 'spring.data.redis.host': host, 'spring.data.redis.port': port };
  if (!record.secure) return { addresses, env: { REDIS_URL: `redis://${addresses[0]!}/0` }, spring, endpoints: {} };
  const { password } = record.credentials;
  const tls = clientTls(record)!;
  return {
    addresses,
    username: 'default',
    password,
    tls,
    env: { REDIS_URL: `rediss://default:${password}@${addresses[0]!}/0`, REDIS_CA: tls.ca },
    spring: {
      ...spring,
      'spring.data.redis.password': password,
      'spring.data.redis.ssl.bundle': 'redis',
      'spring.ssl.bundle.pem.redis.truststore.certificate': `file:${tls.ca}`,
    },
    endpoints: {},
  };
}
