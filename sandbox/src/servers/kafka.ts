import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { makeDirectory, propertyLines, writeWhole } from '../config-file.ts';
import { fetchJars, jarFile, parseLock } from '../jars.ts';
import { findJava } from '../java.ts';
import { kafka39 } from '../locks/kafka-3.9.ts';
import { kafka43 } from '../locks/kafka-4.3.ts';
import { kafka44 } from '../locks/kafka-4.4.ts';
import { addressesOf, baseEnvironment, clientTls, listens, memberDirectory, nodeNames, nodesOf, tlsFile } from '../member-plan.ts';
import { mebibytes } from '../memory.ts';
import { runProgram } from '../programs.ts';
import type {
  ConnectionSettings,
  Installation,
  LocateContext,
  MemberPlan,
  MemberRecord,
  ServerKind,
  ServerRecord,
} from '../server-kind.ts';

const locks: Readonly<Record<string, readonly string[]>> = { '4.3.1': kafka43, '4.4.0': kafka44, '3.9.2': kafka39 };
const leastJava = 17;

/** Apache Kafka in KRaft mode, each node broker and controller, from the jars of Maven Central. */
export const kafka: ServerKind = {
  name: 'kafka',
  description: 'Apache Kafka (KRaft)',
  versions: Object.keys(locks),
  nodeCounts: [1, 3],
  defaultMemory: '256m',
  members: (nodes, secure) =>
    nodeNames(nodes).map((name) => ({ name, ports: secure ? ['kafka', 'controller', 'mtls', 'admin'] : ['kafka', 'controller'] })),
  locate,
  prepare,
  plan: (record) => [record.members.map((member) => planNode(record, member))],
  settings,
  // Kafka's own clients and tools, for programs in Java beside the server.
  tool: (record, member) => ({
    file: record.installation.paths['java'] ?? 'java',
    env: { ...baseEnvironment(memberDirectory(record, member.name)), CLASSPATH: classPath(record) },
  }),
  container: {
    image: (version) => `docker.io/apache/kafka:${version}`,
    ports: { kafka: 9092, controller: 9093 },
    data: '/var/lib/kafka/data',
    args: () => [],
    env: containerEnvironment,
  },
};

async function locate(version: string, context: LocateContext): Promise<Installation> {
  const java = await findJava('Kafka', leastJava, context.env);
  const jars = await fetchJars(`kafka-${version}`, locks[version]!, context);
  return { version, paths: { java: java.program, jars } };
}

/** What {@link ServerRecord.seed} becomes here: Kafka wants 16 bytes in URL-safe base64. */
function clusterId({ seed }: ServerRecord): string {
  // Kafka's tools would take an id that begins with a dash for an option.
  return createHash('md5').update(seed).digest('base64url').replace(/^-/, 'A');
}

async function prepare(record: ServerRecord, signal?: AbortSignal): Promise<void> {
  for (const member of record.members) {
    const directory = memberDirectory(record, member.name);
    makeDirectory(directory);
    writeWhole(join(directory, 'server.properties'), propertyLines(properties(record, member), record.config));
    writeWhole(join(directory, loggingOf(record).file), loggingOf(record).text);
    if (!existsSync(join(directory, 'data/meta.properties'))) await format(record, directory, signal);
  }
}

async function format(record: ServerRecord, directory: string, signal: AbortSignal | undefined): Promise<void> {
  const { username, password } = record.credentials;
  const users = record.secure
    ? ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${username},password=${password}]`,
      ])
    : [];
  const tool = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', clusterId(record)];
  await runProgram(
    record.installation.paths['java']!,
    ['-Xmx96m', ...quickJvm, '-cp', classPath(record), ...tool, '-c', join(directory, 'server.properties'), ...users],
    { cwd: directory, env: baseEnvironment(directory), signal },
  );
}

const quickJvm = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

// The jars one by one, in the list's order: nothing that lies beside them is ever loaded.
function classPath({ installation, version }: ServerRecord): string {
  return parseLock(locks[version] ?? [])
    .map((jar) => join(installation.paths['jars'] ?? '', jarFile(jar)))
    .join(':');
}

function planNode(record: ServerRecord, member: MemberRecord): MemberPlan {
  const directory = memberDirectory(record, member.name);
  const heap = [`-Xms${Math.min(128, mebibytes(record.memoryBytes))}m`, `-Xmx${mebibytes(record.memoryBytes)}m`];
  const logging = `-D${loggingOf(record).property}=file:${join(directory, loggingOf(record).file)}`;
  return {
    name: member.name,
    directory,
    command: record.installation.paths['java'] ?? 'java',
    args: [...heap, ...quickJvm, logging, '-cp', classPath(record), 'kafka.Kafka', join(directory, 'server.properties')],
    env: baseEnvironment(directory),
    cwd: directory,
    stopSignal: 'SIGTERM',
    discardSignal: 'SIGKILL',
    stopGraceMs: 20_000,
    ready: async (log) => /Kafka Server started/.test(log) && (await listens(member.ports['kafka']!)),
  };
}

function loggingOf({ version }: ServerRecord): { property: string; file: string; text: string } {
  if (version.startsWith('3.')) return { property: 'log4j.configuration', file: 'log4j.properties', text: log4j1 };
  return { property: 'log4j2.configurationFile', file: 'log4j2.properties', text: log4j2 };
}

const log4j1 = `log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %-5p %m (%c)%n
`;
const log4j2 = `appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %m (%c)%n
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
`;

function properties(record: ServerRecord, member: MemberRecord): Readonly<Record<string, string | number | boolean>> {
  return {
    'process.roles': 'broker,controller',
    'node.id': nodeId(member),
    'controller.quorum.voters': record.members.map((peer) => `${nodeId(peer)}@127.0.0.1:${peer.ports['controller']!}`).join(','),
    'log.dirs': join(memberDirectory(record, member.name), 'data'),
    'controller.listener.names': 'CONTROLLER',
    ...(record.secure ? secureListeners(record, member) : plainListeners(member)),
    ...replication(record.members.length),
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    // The default of 128 MB would be the larger part of the memory of a small broker.
    'log.cleaner.dedupe.buffer.size': 2_097_152,
  };
}

function nodeId({ name }: MemberRecord): number {
  return Number(name.replace('node-', ''));
}

// Short session times, because a node that was killed comes back only after its old session ended.
function replication(nodes: number): Readonly<Record<string, number>> {
  const factor = nodes === 1 ? 1 : 3;
  const inSync = nodes === 1 ? 1 : 2;
  const factors = {
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': inSync,
  };
  if (nodes === 1) return { ...factors, 'broker.session.timeout.ms': 1000, 'broker.heartbeat.interval.ms': 200 };
  return {
    ...factors,
    'default.replication.factor': 3,
    'min.insync.replicas': 2,
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'controller.quorum.election.timeout.ms': 500,
    'controller.quorum.fetch.timeout.ms': 1000,
  };
}

function plainListeners({ ports }: MemberRecord): Readonly<Record<string, string>> {
  return {
    listeners: `PLAINTEXT://127.0.0.1:${ports['kafka']},CONTROLLER://127.0.0.1:${ports['controller']}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${ports['kafka']}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
  };
}

// Clients come with password (SASL_SSL) or certificate (SSL). The plain listener is the nodes' own and the administrator's.
function secureListeners(record: ServerRecord, { ports }: MemberRecord): Readonly<Record<string, string>> {
  const { username, password } = record.credentials;
  const login = 'org.apache.kafka.common.security';
  return {
    listeners: `SASL_SSL://127.0.0.1:${ports['kafka']},SSL://127.0.0.1:${ports['mtls']},PLAINTEXT://127.0.0.1:${ports['admin']},CONTROLLER://127.0.0.1:${ports['controller']}`,
    'advertised.listeners': `SASL_SSL://127.0.0.1:${ports['kafka']},SSL://127.0.0.1:${ports['mtls']},PLAINTEXT://127.0.0.1:${ports['admin']}`,
    'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,SSL:SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': tlsFile(record, 'server-store'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': tlsFile(record, 'ca'),
    'listener.name.ssl.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_${username}="${password}";`,
    'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:ANONYMOUS;User:${username};User:CN=${username}`,
  };
}

function settings(record: ServerRecord): ConnectionSettings {
  const addresses = addressesOf(record, 'kafka');
  const servers = addresses.join(',');
  if (!record.secure) {
    return {
      addresses,
      env: { KAFKA_BOOTSTRAP_SERVERS: servers },
      spring: { 'spring.kafka.bootstrap-servers': servers, 'spring.cloud.stream.kafka.binder.brokers': servers },
      endpoints: {},
    };
  }
  return secureSettings(record, addresses, servers);
}

function secureSettings(record: ServerRecord, addresses: readonly string[], servers: string): ConnectionSettings {
  const { username, password } = record.credentials;
  const mechanism = 'SCRAM-SHA-512';
  const jaas = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${username}" password="${password}";`;
  const tls = clientTls(record)!;
  return {
    addresses,
    username,
    password,
    tls,
    endpoints: Object.fromEntries(
      nodesOf(record).flatMap(({ name, ports }) => [
        [`mtls ${name}`, `127.0.0.1:${ports['mtls']}`],
        [`admin ${name}`, `127.0.0.1:${ports['admin']}`],
      ]),
    ),
    env: {
      KAFKA_BOOTSTRAP_SERVERS: servers,
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: mechanism,
      KAFKA_SASL_USERNAME: username,
      KAFKA_SASL_PASSWORD: password,
      KAFKA_SSL_CA: tls.ca,
    },
    spring: {
      'spring.kafka.bootstrap-servers': servers,
      'spring.cloud.stream.kafka.binder.brokers': servers,
      'spring.kafka.security.protocol': 'SASL_SSL',
      'spring.kafka.properties.sasl.mechanism': mechanism,
      'spring.kafka.properties.sasl.jaas.config': jaas,
      'spring.kafka.ssl.trust-store-type': 'PEM',
      'spring.kafka.ssl.trust-store-location': `file:${tls.ca}`,
    },
  };
}

function containerEnvironment(record: ServerRecord): Readonly<Record<string, string>> {
  const inside = {
    ...properties(record, record.members[0]!),
    'controller.quorum.voters': '1@127.0.0.1:9093',
    listeners: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093',
    'log.dirs': '/var/lib/kafka/data',
    ...record.config,
  };
  const variables = Object.entries(inside).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, value]);
  return {
    ...(Object.fromEntries(variables) as Record<string, string>),
    CLUSTER_ID: clusterId(record),
    KAFKA_HEAP_OPTS: `-Xmx${mebibytes(record.memoryBytes)}m`,
  };
}
