import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { raise } from './errors.ts';
import { guardSandbox } from './guard.ts';
import type { Guard } from './guard.ts';
import type { Member, MemberState } from './member.ts';
import { runProgram } from './programs.ts';
import { parseRequest } from './request.ts';
import type { ServerRequest } from './request.ts';
import { Sandbox } from './sandbox.ts';
import type { UpOptions } from './sandbox.ts';
import type { Server } from './server.ts';
import type { ConnectionSettings } from './server-kind.ts';

/** How a server for a test is started. */
export interface StartServerOptions extends Omit<ServerRequest, 'server'>, Omit<UpOptions, 'timeoutMs'> {
  /** How long a start may take; default 120 s. Also holds for the later starts of a node. */
  readonly timeoutMs?: number | undefined;
}

/** One node of a running server, for what tests do to it. Its data survives everything here. */
export interface ServerNode {
  readonly name: string;
  readonly ports: Readonly<Record<string, number>>;
  /** The process, while it lives. */
  readonly pid: number | undefined;
  state(): Promise<MemberState>;
  /** Starts the node after `stop` or `kill`, and resolves when it serves. */
  start(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it as a crash does (SIGKILL) and resolves when it is gone. */
  kill(): Promise<void>;
  /** `stop`, then `start`. */
  restart(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay, answers do not come. */
  pause(): Promise<void>;
  /** Lets it go on (SIGCONT). */
  resume(): Promise<void>;
  /** What it wrote since its last start. */
  log(): string;
  /** Runs a tool that comes with the server against the node and resolves with what it printed: `run('rabbitmqctl', 'status')`. */
  run(tool: string, ...args: readonly string[]): Promise<string>;
}

/** A server that lives no longer than this process. */
export interface RunningServer extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  readonly settings: ConnectionSettings;
  readonly nodes: readonly ServerNode[];
  /** Ends the server and removes its data. Safe to call again. */
  stop(): Promise<void>;
}

const defaultTimeoutMs = 120_000;

/**
 * Starts a server in a directory of its own, on free ports, and resolves when it serves. It ends with `stop`, and with this process
 * however that ends; nothing of it is left behind.
 *
 * @throws as {@link Sandbox.up}
 */
export async function startServer(server: string, options: StartServerOptions = {}): Promise<RunningServer> {
  const { engine, signal, onProgress, timeoutMs = defaultTimeoutMs, ...request } = options;
  parseRequest({ server, ...request });
  const directory = mkdtempSync(join(tmpdir(), 'millrace-sandbox-'));
  chmodSync(directory, 0o711); // a server that refuses to be root must pass through
  const guard = await guardSandbox(directory, 'purge');
  const sandbox = new Sandbox(directory);
  try {
    const [started] = await sandbox.up([{ server, ...request }], { engine, signal, timeoutMs, onProgress });
    return runningServer(started!, timeoutMs, async () => end(sandbox, guard));
  } catch (error) {
    await end(sandbox, guard);
    throw error;
  }
}

async function end(sandbox: Sandbox, guard: Guard): Promise<void> {
  await sandbox.down([], { purge: true });
  rmSync(sandbox.directory, { recursive: true, force: true, maxRetries: 5 });
  guard.release();
}

function runningServer(server: Server, timeoutMs: number, endAll: () => Promise<void>): RunningServer {
  let ended: Promise<void> | undefined;
  const stop = async (): Promise<void> => (ended ??= endAll());
  const nodes = server.members.filter(({ plan }) => plan.name.startsWith('node-'));
  return {
    name: server.record.name,
    version: server.record.installation.version,
    settings: server.settings,
    nodes: nodes.map((member) => serverNode(server, member, timeoutMs)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function serverNode(server: Server, member: Member, timeoutMs: number): ServerNode {
  const start = async (): Promise<void> => server.startMember(member, { timeoutMs });
  const stop = async (): Promise<void> => member.stop();
  return {
    name: member.plan.name,
    ports: server.record.members.find(({ name }) => name === member.plan.name)!.ports,
    get pid() {
      return member.pid;
    },
    state: async () => member.state(),
    start,
    stop,
    kill: async () => member.kill(),
    restart: async () => {
      await stop();
      await start();
    },
    pause: async () => member.pause(),
    resume: async () => member.resume(),
    log: () => member.log(),
    run: async (tool, ...args) => runTool(server, member, tool, args),
  };
}

async function runTool(server: Server, member: Member, tool: string, args: readonly string[]): Promise<string> {
  const { kind, record } = server;
  const found = kind.tool?.(
    record,
    record.members.find(({ name }) => name === member.plan.name)!,
    tool,
  );
  if (found === undefined) throw raise('NO_TOOLS', { server: record.name, tool });
  return runProgram(found.file, args, { env: found.env, cwd: member.plan.directory });
}

/**
 * Why a server cannot be had on this machine, `undefined` where it can: for tests that are left out where it is missing. Fetches what
 * is needed for the start.
 */
export async function missingServer(server: string): Promise<string | undefined> {
  const { kind, version } = parseRequest({ server });
  try {
    await kind.locate(version, { env: process.env, onProgress: () => {} });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
