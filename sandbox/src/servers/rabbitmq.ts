import { dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { findProgram } from '@millrace/processes';
import { makeDirectory, propertyLines, writeWhole } from '../config-file.ts';
import { raise } from '../errors.ts';
import { addressesOf, baseEnvironment, clientTls, memberDirectory, nodeNames, nodesOf, tlsFile } from '../member-plan.ts';
import { exchange, fetchPage } from '../probe.ts';
import { installHint } from '../programs.ts';
import type {
  ConnectionSettings,
  Installation,
  LocateContext,
  MemberPlan,
  MemberRecord,
  ServerKind,
  ServerRecord,
} from '../server-kind.ts';
import { newerRabbit, newerVersions } from './rabbitmq-debian.ts';

// The scripts themselves: what packages put into /usr/sbin changes user and home, or refuses.
const places = [
  '/usr/lib/rabbitmq/bin',
  '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin',
  '/opt/homebrew/opt/rabbitmq/sbin',
  '/usr/local/opt/rabbitmq/sbin',
];
const plugins = [
  'rabbitmq_management',
  'rabbitmq_prometheus',
  'rabbitmq_stream',
  'rabbitmq_shovel',
  'rabbitmq_consistent_hash_exchange',
];

/** RabbitMQ as private nodes: own directories, ports, names, cookie and port mapper; never the package's service. */
export const rabbitmq: ServerKind = {
  name: 'rabbitmq',
  description: 'RabbitMQ with management, streams and shovel',
  versions: ['system', ...newerVersions],
  nodeCounts: [1, 3],
  defaultMemory: '512m',
  members: (nodes) => [
    { name: 'epmd', ports: ['epmd'] },
    ...nodeNames(nodes).map((name) => ({ name, ports: ['amqp', 'management', 'prometheus', 'stream', 'dist'] })),
  ],
  locate,
  prepare,
  plan: (record) => [[planEpmd(record)], nodesOf(record).map((member) => planNode(record, member))],
  settings,
  tool: (record, member, name) => ({
    file: join(record.installation.paths['scripts']!, name),
    env: nodeEnvironment(record, member),
  }),
  container: {
    image: (version) => `docker.io/library/rabbitmq:${version === 'system' ? '4' : version}-management`,
    ports: { amqp: 5672, management: 15672, prometheus: 15692, stream: 5552 },
    data: '/var/lib/rabbitmq',
    env: ({ credentials }) => ({
      RABBITMQ_DEFAULT_USER: credentials.username,
      RABBITMQ_DEFAULT_PASS: credentials.password,
      RABBITMQ_NODENAME: 'rabbit@localhost',
    }),
    args: () => [],
  },
};

async function locate(version: string, context: LocateContext): Promise<Installation> {
  if (version !== 'system') return newerRabbit(version, context);
  const server = findProgram('rabbitmq-server', places, { PATH: '' });
  const erl = findProgram('erl', ['/opt/homebrew/bin', '/usr/local/bin'], context.env);
  const epmd = findProgram('epmd', ['/opt/homebrew/bin', '/usr/local/bin', '/usr/lib/erlang/bin'], context.env);
  if (server === undefined || erl === undefined || epmd === undefined) throw missing(server, erl);
  const scripts = dirname(realpathSync(server));
  return { version: versionOf(scripts), paths: { scripts, erlang: dirname(erl), epmd } };
}

function missing(server: string | undefined, erl: string | undefined): Error {
  const next = installHint({ apt: 'rabbitmq-server', dnf: 'rabbitmq-server', brew: 'rabbitmq' });
  const [program, where] = server === undefined ? ['rabbitmq-server', places[0]!] : [erl === undefined ? 'erl' : 'epmd', 'PATH'];
  throw raise('PROGRAM_MISSING', {
    server: 'RabbitMQ',
    program,
    places: where,
    next: `${next} (its own service may stay off: the sandbox does not use it)`,
  });
}

/** The scripts lie in `rabbitmq_server-<version>/sbin`, or beside the plugins, whose names carry it. */
function versionOf(scripts: string): string {
  return /rabbitmq_server-([\d.]+)/.exec(scripts)?.[1] ?? /Cellar\/rabbitmq\/([\d.]+)/.exec(scripts)?.[1] ?? 'unknown';
}

async function prepare(record: ServerRecord): Promise<void> {
  makeDirectory(memberDirectory(record, 'epmd'));
  for (const member of nodesOf(record)) {
    const directory = memberDirectory(record, member.name);
    for (const folder of ['home', 'mnesia', 'logs']) makeDirectory(join(directory, folder));
    writeCookie(record, directory);
    const enabled = record.secure ? [...plugins, 'rabbitmq_auth_mechanism_ssl'] : plugins;
    writeWhole(join(directory, 'enabled_plugins'), `[${enabled.join(',')}].\n`);
    writeWhole(join(directory, 'rabbitmq.conf'), propertyLines(configuration(record, member), record.config, ' = '));
  }
}

// Erlang wants the cookie to be readable by its owner only, and the same on all nodes.
function writeCookie(record: ServerRecord, directory: string): void {
  const file = join(directory, 'home/.erlang.cookie');
  if (!existsSync(file)) writeWhole(file, createHash('sha256').update(`cookie ${record.seed}`).digest('hex').toUpperCase());
}

// Names are unique per port mapper, and ours is private; the seed keeps logs of several sandboxes apart.
function nodeName(record: ServerRecord, member: MemberRecord): string {
  return `${record.seed.slice(0, 6)}-${member.name.replace('node-', '')}@localhost`;
}

function configuration(record: ServerRecord, member: MemberRecord): Readonly<Record<string, string | number | boolean>> {
  const { ports } = member;
  return {
    ...(record.secure ? secureListeners(record, ports) : plainListeners(ports)),
    'prometheus.tcp.ip': '127.0.0.1',
    'prometheus.tcp.port': ports['prometheus']!,
    default_user: record.credentials.username,
    default_pass: record.credentials.password,
    'vm_memory_high_watermark.absolute': record.memoryBytes,
    'disk_free_limit.absolute': '200MB',
    'log.console': true,
    'log.console.level': 'info',
    'log.console.use_colors': 'off',
    'log.file': false,
    ...clusterFormation(record),
  };
}

function plainListeners(ports: MemberRecord['ports']): Readonly<Record<string, string | number>> {
  return {
    'listeners.tcp.default': `127.0.0.1:${ports['amqp']!}`,
    'management.tcp.ip': '127.0.0.1',
    'management.tcp.port': ports['management']!,
    'stream.listeners.tcp.default': `127.0.0.1:${ports['stream']!}`,
  };
}

function secureListeners(record: ServerRecord, ports: MemberRecord['ports']): Readonly<Record<string, string | number>> {
  const files = (prefix: string): Record<string, string> => ({
    [`${prefix}.cacertfile`]: tlsFile(record, 'ca'),
    [`${prefix}.certfile`]: tlsFile(record, 'server'),
    [`${prefix}.keyfile`]: tlsFile(record, 'server-key'),
  });
  return {
    'listeners.tcp': 'none',
    'listeners.ssl.default': `127.0.0.1:${ports['amqp']!}`,
    ...files('ssl_options'),
    'ssl_options.verify': 'verify_peer',
    'ssl_options.fail_if_no_peer_cert': 'false',
    'auth_mechanisms.1': 'PLAIN',
    'auth_mechanisms.2': 'EXTERNAL',
    ssl_cert_login_from: 'common_name',
    'management.ssl.ip': '127.0.0.1',
    'management.ssl.port': ports['management']!,
    ...files('management.ssl'),
    'stream.listeners.tcp': 'none',
    'stream.listeners.ssl.default': `127.0.0.1:${ports['stream']!}`,
  };
}

function clusterFormation(record: ServerRecord): Readonly<Record<string, string>> {
  const nodes = nodesOf(record);
  if (nodes.length === 1) return {};
  const peers = nodes.map((member, index) => [`cluster_formation.classic_config.nodes.${index + 1}`, nodeName(record, member)]);
  return {
    'cluster_formation.peer_discovery_backend': 'classic_config',
    ...(Object.fromEntries(peers) as Record<string, string>),
  };
}

// A port mapper of our own, in the foreground, so that it ends with its server; Erlang would leave one behind on all interfaces.
function planEpmd(record: ServerRecord): MemberPlan {
  const directory = memberDirectory(record, 'epmd');
  const port = record.members.find(({ name }) => name === 'epmd')?.ports['epmd'] ?? 0;
  return {
    name: 'epmd',
    directory,
    command: record.installation.paths['epmd'] ?? 'epmd',
    args: ['-port', String(port), '-address', '127.0.0.1'],
    env: baseEnvironment(directory),
    cwd: directory,
    stopSignal: 'SIGTERM',
    discardSignal: 'SIGKILL',
    stopGraceMs: 5_000,
    ready: async () => (await exchange(port, '')) !== undefined,
  };
}

function planNode(record: ServerRecord, member: MemberRecord): MemberPlan {
  const directory = memberDirectory(record, member.name);
  return {
    name: member.name,
    directory,
    command: join(record.installation.paths['scripts'] ?? '', 'rabbitmq-server'),
    args: [],
    env: nodeEnvironment(record, member),
    cwd: directory,
    stopSignal: 'SIGTERM',
    discardSignal: 'SIGKILL',
    stopGraceMs: 40_000,
    ready: async (log) => /completed with \d+ plugins/.test(log) && isServing(record, member),
  };
}

function nodeEnvironment(record: ServerRecord, member: MemberRecord): Readonly<Record<string, string>> {
  const directory = memberDirectory(record, member.name);
  const epmdPort = record.members.find(({ name }) => name === 'epmd')?.ports['epmd'] ?? 0;
  const base = baseEnvironment(join(directory, 'home'));
  return {
    ...base,
    PATH: [record.installation.paths['erlang'], base['PATH']].filter(Boolean).join(':'),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: nodeName(record, member),
    RABBITMQ_DIST_PORT: String(member.ports['dist']!),
    RABBITMQ_MNESIA_BASE: join(directory, 'mnesia'),
    RABBITMQ_LOG_BASE: join(directory, 'logs'),
    RABBITMQ_PID_FILE: join(directory, 'rabbitmq.pid'),
    RABBITMQ_CONF_ENV_FILE: join(directory, 'none'),
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CTL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // Lets the script become the server instead of standing before it.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

async function isServing(record: ServerRecord, { ports }: MemberRecord): Promise<boolean> {
  const ca = record.secure ? tlsFile(record, 'ca') : undefined;
  const { username, password } = record.credentials;
  // The protocol's header; the answer begins with a method frame on channel 0.
  const answer = await exchange(ports['amqp']!, 'AMQP\0\0\t\x01', ca);
  if (!answer?.startsWith('\x01\0\0')) return false;
  const url = `${ca === undefined ? 'http' : 'https'}://127.0.0.1:${ports['management']!}/api/nodes?columns=running`;
  const page = await fetchPage(url, `${username}:${password}`, ca);
  return (page?.match(/"running":true/g)?.length ?? 0) === nodesOf(record).length;
}

function settings(record: ServerRecord): ConnectionSettings {
  const addresses = addressesOf(record, 'amqp');
  const { username, password } = record.credentials;
  const tls = clientTls(record);
  const urls = addresses.map((address) => `${tls === undefined ? 'amqp' : 'amqps'}://${username}:${password}@${address}`);
  const scheme = tls === undefined ? 'http' : 'https';
  return {
    addresses,
    username,
    password,
    tls,
    env: { RABBITMQ_URL: urls.join(','), ...(tls === undefined ? {} : { RABBITMQ_CA: tls.ca }) },
    spring: {
      'spring.rabbitmq.addresses': addresses.join(','),
      'spring.rabbitmq.username': username,
      'spring.rabbitmq.password': password,
      ...(tls === undefined ? {} : springTls(tls.ca)),
    },
    endpoints: Object.fromEntries(
      nodesOf(record).flatMap(({ name, ports }) => [
        [`management ${name}`, `${scheme}://127.0.0.1:${ports['management']!}`],
        [`stream ${name}`, `127.0.0.1:${ports['stream']!}`],
      ]),
    ),
  };
}

function springTls(ca: string): Readonly<Record<string, string>> {
  return {
    'spring.rabbitmq.ssl.enabled': 'true',
    'spring.rabbitmq.ssl.bundle': 'rabbitmq',
    'spring.ssl.bundle.pem.rabbitmq.truststore.certificate': `file:${ca}`,
  };
}
