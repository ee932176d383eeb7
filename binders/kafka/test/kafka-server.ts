import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const version = '4.3.1';

/** A Kafka broker of the tests. */
export interface KafkaServer {
  /** Where clients connect, as `host:port`. */
  readonly brokers: string;
  /** Kills it and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether a broker can be had here: a Java virtual machine, and Maven or libraries that it fetched before. */
export function canRunKafka(): boolean {
  const path = (process.env['PATH'] ?? '').split(':');
  const has = (name: string): boolean => path.some((folder) => existsSync(join(folder, name)));
  return has('java') && (has('mvn') || existsSync(libraryFolder()));
}

/** Starts a broker of one node in a directory of its own. `settings` are added to its properties; `format` to how it is formatted. */
export async function startKafka(
  settings: Readonly<Record<string, string>> | ((ports: readonly number[]) => Readonly<Record<string, string>>) = {},
  format: readonly string[] = [],
): Promise<KafkaServer> {
  const libraries = await fetchLibraries();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-'));
  const [port, controllerPort, ...more] = await freePorts(5);
  const added = typeof settings === 'function' ? settings([port!, controllerPort!, ...more]) : settings;
  await writeFile(join(folder, 'server.properties'), properties(folder, port!, controllerPort!, added));
  await writeFile(join(folder, 'log4j2.yaml'), logging);
  const node = new Node(folder, join(libraries, '*'));
  await node.format(format);
  await node.start();
  return {
    brokers: `127.0.0.1:${port}`,
    async restart() {
      await node.end('SIGKILL');
      await node.start();
    },
    async stop() {
      await node.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

class Node {
  readonly #folder: string;
  readonly #classPath: string;
  #process: ChildProcess | undefined;

  constructor(folder: string, classPath: string) {
    this.#folder = folder;
    this.#classPath = classPath;
  }

  async format(more: readonly string[]): Promise<void> {
    const tool = ['kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', 'server.properties', ...more];
    await run('java', ['-Xmx64m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', this.#classPath, ...tool], {
      cwd: this.#folder,
    });
  }

  async start(): Promise<void> {
    const machine = ['-Xms128m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    const server = ['-Dlog4j2.configurationFile=log4j2.yaml', '-cp', this.#classPath, 'kafka.Kafka', 'server.properties'];
    const child = spawn('java', [...machine, ...server], { cwd: this.#folder, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.removeListener('exit', end));
    await new Promise<void>((resolve, reject) => {
      let tail = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        tail = (tail + text).slice(-20_000);
        if (tail.includes('Kafka Server started')) resolve();
      });
      child.once('exit', (code) => reject(new Error(`Kafka ended with ${code}:\n${tail.slice(-3000)}`)));
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

function libraryFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace', `kafka-${version}`);
}

async function fetchLibraries(): Promise<string> {
  const folder = libraryFolder();
  if (existsSync(folder)) return folder;
  const work = await mkdtemp(join(tmpdir(), 'millrace-kafka-pom-'));
  try {
    await writeFile(join(work, 'pom.xml'), pom);
    const output = join(work, 'lib');
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${output}`], {
      cwd: work,
    });
    await mkdir(folder, { recursive: true });
    await run('cp', ['-r', ...(await readdir(output)).map((name) => join(output, name)), folder]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function properties(folder: string, port: number, controllerPort: number, settings: Readonly<Record<string, string>>): string {
  const all: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    'log.cleaner.dedupe.buffer.size': '2097152',
    'broker.session.timeout.ms': '1000',
    'broker.heartbeat.interval.ms': '200',
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>millrace</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
</dependencies></project>
`;

const logging = `Configuration:
  Appenders:
    Console:
      name: Console
      PatternLayout:
        Pattern: "%d %p %m (%c{1})%n"
  Loggers:
    Root:
      level: INFO
      AppenderRef:
        ref: Console
`;
