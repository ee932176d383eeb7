import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { didYouMean } from '@millrace/core';
import { makeDirectory } from './config-file.ts';
import { containerInstallation, findEngine } from './container.ts';
import { raise } from './errors.ts';
import { withLock } from './lock.ts';
import { parseMemory } from './memory.ts';
import { choosePort, releasePorts } from './ports.ts';
import { recordIn, recordsIn, writeRecord } from './records.ts';
import { reconcile } from './reconcile.ts';
import { parseRequest, portOf } from './request.ts';
import type { ParsedRequest, ServerRequest } from './request.ts';
import { Server } from './server.ts';
import type { NodeStatus, StartOptions } from './server.ts';
import type { Installation, LocateContext, ServerRecord } from './server-kind.ts';
import { kindNamed } from './servers/index.ts';

/** How servers are brought up. */
export interface UpOptions extends Partial<StartOptions> {
  /** `auto` takes the programs of this machine and, where there are none, a container; the others take only that. */
  readonly engine?: 'auto' | 'native' | 'container' | undefined;
}

/** What goes with the servers. */
export interface DownOptions {
  /** Also remove data, configuration and logs. */
  readonly purge?: boolean | undefined;
}

const defaultTimeoutMs = 120_000;
const lockWaitMs = 180_000;

/** A directory of servers. Every process that opens the same directory sees and commands the same servers. */
export class Sandbox {
  readonly directory: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(directory: string, env: NodeJS.ProcessEnv = process.env) {
    this.directory = resolve(directory);
    this.#env = env;
  }

  /**
   * Brings servers up and resolves when all of them serve. Those that already do are left alone; those that were stopped or died come
   * back with their data. They outlive this process; `down` of any process ends them. Where one cannot be started the others are, and
   * the first error is thrown at the end.
   *
   * @throws what is missing (`NO_JAVA`, `PROGRAM_MISSING`, …), `PORT_TAKEN`, `ENDED_EARLY`, `NOT_READY`, `DIFFERS`, `RUNNING_DIFFERS`
   */
  async up(requests: readonly ServerRequest[], options: UpOptions = {}): Promise<readonly Server[]> {
    const parsed = requests.map(parseRequest);
    if (process.platform === 'win32') throw raise('PLATFORM_UNSUPPORTED', { platform: process.platform });
    return withLock(this.directory, lockWaitMs, async () => {
      const servers: Server[] = [];
      for (const request of parsed) servers.push(await this.#setUp(request, options));
      const { timeoutMs = defaultTimeoutMs, signal, onProgress } = options;
      const results = await Promise.allSettled(servers.map(async (server) => server.start({ timeoutMs, signal, onProgress })));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return servers;
    });
  }

  /** The servers of the sandbox, running or not. */
  servers(): readonly Server[] {
    return recordsIn(this.directory).map((record) => new Server(record, kindNamed(record.kind)));
  }

  /** The server of that name, e.g. `kafka` or `kafka:3.9.2`. Throws `NOT_SET_UP`. */
  server(name: string): Server {
    const servers = this.servers();
    const wanted = name.replace(':', '-');
    const found = servers.find(({ record }) => record.name === wanted);
    const known = servers.map(({ record }) => record.name);
    if (found === undefined) throw raise('NOT_SET_UP', { name, directory: this.directory, hint: didYouMean(wanted, known) });
    return found;
  }

  /** Every process of every server with its state. */
  async status(): Promise<readonly NodeStatus[]> {
    return (await Promise.all(this.servers().map(async (server) => server.status()))).flat();
  }

  /** Ends servers, all without names, and resolves with the names of those that there were. What others started is never touched. */
  async down(names: readonly string[] = [], { purge = false }: DownOptions = {}): Promise<readonly string[]> {
    return withLock(this.directory, lockWaitMs, async () => {
      const servers = names.length === 0 ? this.servers() : names.map((name) => this.server(name));
      await Promise.all(servers.map(async (server) => server.stop(purge ? 'discard' : undefined)));
      if (purge) for (const { record } of servers) this.#purge(record);
      return servers.map(({ record }) => record.name);
    });
  }

  #purge(record: ServerRecord): void {
    rmSync(record.directory, { recursive: true, force: true, maxRetries: 5 });
    releasePorts(record, this.#env);
  }

  // The record is written before anything starts, so that whoever comes next knows all that may be running.
  async #setUp(request: ParsedRequest, options: UpOptions): Promise<Server> {
    const existing = recordIn(join(this.directory, request.name));
    const server = existing && new Server(existing, request.kind);
    const running = server?.members.some((member) => member.isRunning()) ?? false;
    if (server !== undefined && running) {
      reconcile(server.record, request, 'running');
      return server;
    }
    const installation = await this.#locate({ ...request, secure: existing?.secure ?? request.secure }, options);
    const record = existing
      ? reconcile({ ...existing, installation }, request, 'stopped')
      : await this.#newRecord(request, installation);
    writeRecordIn(record);
    return new Server(record, request.kind);
  }

  async #locate({ kind, version, name, nodes, secure }: ParsedRequest, options: UpOptions): Promise<Installation> {
    const { engine = 'auto', signal, onProgress } = options;
    const context: LocateContext = { env: this.#env, signal, onProgress: (text) => onProgress?.({ server: name, text }) };
    let missing: unknown;
    if (engine !== 'container') {
      try {
        return await kind.locate(version, context);
      } catch (error) {
        missing = error;
      }
    }
    const found = engine === 'native' ? undefined : await findEngine(this.#env);
    if (found === undefined) throw missing ?? raise('NO_ENGINE', {});
    if (secure || (nodes ?? 1) > 1) {
      const why = missing instanceof Error ? missing.message : "'--engine container' was given";
      throw raise('CONTAINER_LIMITS', { server: name, why, wanted: secure ? 'TLS' : 'several nodes', next: 'leave that out' });
    }
    return containerInstallation(kind, version, found);
  }

  async #newRecord(request: ParsedRequest, installation: Installation): Promise<ServerRecord> {
    const { kind, name, version, nodes = kind.nodeCounts[0]!, secure = false, config = {} } = request;
    const directory = join(this.directory, name);
    const members: { name: string; ports: Record<string, number> }[] = [];
    for (const member of kind.members(nodes, secure)) {
      const ports: Record<string, number> = {};
      for (const port of member.ports) ports[port] = portOf(request, member, port) ?? (await choosePort(directory, this.#env));
      members.push({ name: member.name, ports });
    }
    return {
      format: 1,
      name,
      kind: kind.name,
      version,
      directory,
      installation,
      members,
      memoryBytes: request.memoryBytes ?? parseMemory(kind.defaultMemory),
      secure,
      config,
      // On loopback without TLS a password keeps nobody out; a known one is easier to type.
      credentials: { username: 'millrace', password: secure ? randomBytes(12).toString('hex') : 'millrace' },
      seed: randomBytes(16).toString('hex'),
    };
  }
}

function writeRecordIn(record: ServerRecord): void {
  makeDirectory(record.directory);
  writeRecord(record);
}
