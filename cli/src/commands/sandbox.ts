import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import type { NodeStatus, Sandbox, Server, SettingsFormat } from '@millrace/sandbox';
import { addSandboxLogsCommand } from './sandbox-logs.ts';
import { contextOf } from '../context.ts';
import type { CommandContext } from '../context.ts';
import { parseCount } from '../positions.ts';
import { directoryOption, openSandbox } from '../sandbox-directory.ts';
import type { DirectoryFlag } from '../sandbox-directory.ts';
import { SandboxProgress } from '../sandbox-progress.ts';
import { serverRequests } from '../sandbox-requests.ts';
import type { RequestFlags } from '../sandbox-requests.ts';

interface UpFlags extends DirectoryFlag, RequestFlags {
  readonly engine: 'auto' | 'native' | 'container';
  readonly timeout: number;
  readonly format: SettingsFormat;
  readonly foreground?: boolean;
}

const examples = `
Examples:
  millrace sandbox up kafka rabbitmq
  millrace sandbox up kafka:3.9.2 --nodes 3 --memory kafka:3.9.2=512m
  millrace sandbox up kafka --port kafka=9092 --set kafka.auto.create.topics.enable=true
  eval "$(millrace sandbox up postgres)" && psql
  millrace sandbox up rabbitmq --secure --format spring >> application.properties`;

export function addSandboxCommands(program: Command): void {
  const group = program
    .command('sandbox')
    .description('Real servers on this machine, for development and tests: Kafka, RabbitMQ, PostgreSQL, Redis.');
  addUp(group);
  addStatus(group);
  addDown(group);
  addSandboxLogsCommand(group);
}

function addUp(group: Command): void {
  const up = group
    .command('up')
    .description('Start servers on 127.0.0.1, or start them again with their data, and print how to connect to them.')
    .argument('<servers...>', 'kafka, rabbitmq, postgres or redis, with a version after a colon if wanted, e.g. kafka:3.9.2');
  for (const [flags, description] of [
    ['--nodes <count>', 'nodes of each server that has several, or server=count'],
    ['--memory <size>', 'memory limit of each server such as 512m, or server=size'],
    ['--port <server=number>', "a server's port, or server.name=number for another than its main port (default: free ones)"],
    ['--set <server.setting=value>', "a setting in the words of the server's own configuration; may be repeated"],
  ] as const)
    up.addOption(new Option(flags, description).default([]).argParser((text: string, all: string[]) => [...all, text]));
  up.option('--secure', 'TLS and passwords, with generated certificates')
    .addOption(
      new Option('--engine <engine>', "run this machine's programs, containers, or programs where there are any")
        .choices(['auto', 'native', 'container'])
        .default('auto'),
    )
    .option('--timeout <seconds>', 'how long a server may take to be ready', parseCount('--timeout', 1), 120)
    .option('--foreground', 'stay, and end the servers with this command')
    .addOption(formatOption().default('env'))
    .addOption(directoryOption())
    .addHelpText('after', examples)
    .action((servers: string[], flags: UpFlags, command: Command) => bringUp(contextOf(command), servers, flags));
}

function addStatus(group: Command): void {
  group
    .command('status')
    .description('Show the servers with their state, or how to connect to those that run.')
    .addOption(formatOption())
    .addOption(directoryOption())
    .action(async (flags: DirectoryFlag & { format?: SettingsFormat }, command: Command) => {
      const { output } = contextOf(command);
      const sandbox = await openSandbox(flags);
      if (flags.format !== undefined || output.json)
        await printServers(contextOf(command), sandbox.servers(), flags.format ?? 'env');
      else await showStatus(contextOf(command), await sandbox.status());
    });
}

function addDown(group: Command): void {
  group
    .command('down')
    .description('End servers that `up` started, all without names; their data stays for the next time.')
    .addArgument(serversArgument())
    .option('--purge', 'also remove their data')
    .addOption(directoryOption())
    .action(async (names: string[], flags: DirectoryFlag & { purge?: boolean }, command: Command) => {
      const { output } = contextOf(command);
      const ended = await (await openSandbox(flags)).down(names, flags);
      for (const server of ended)
        output.record(
          { server, purged: flags.purge ?? false },
          () => `${server} is down${flags.purge ? ', its data removed' : ''}`,
        );
      if (ended.length === 0) output.note('no servers here');
    });
}

function formatOption(): Option {
  return new Option('--format <format>', 'print connection settings as environment variables or as Spring properties').choices([
    'env',
    'spring',
  ]);
}

function serversArgument(): Argument {
  return new Argument('[servers...]', 'names of servers');
}

async function bringUp(context: CommandContext, servers: readonly string[], flags: UpFlags): Promise<void> {
  const requests = serverRequests(servers, flags);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const work = flags.foreground ? upInForeground : upAndLeave;
    await work(context, await openSandbox(flags), { requests, flags, signal: stop.signal });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

interface UpWork {
  readonly requests: ReturnType<typeof serverRequests>;
  readonly flags: UpFlags;
  readonly signal: AbortSignal;
}

async function upAndLeave(context: CommandContext, sandbox: Sandbox, { requests, flags, signal }: UpWork): Promise<void> {
  const progress = new SandboxProgress(process.stderr);
  const { engine, timeout, format } = flags;
  const options = { engine, timeoutMs: timeout * 1000, signal, onProgress: progress.show.bind(progress) };
  await printServers(context, await sandbox.up(requests, options), format);
}

// The guard ends the servers even where this process cannot.
async function upInForeground(context: CommandContext, sandbox: Sandbox, work: UpWork): Promise<void> {
  const { guardSandbox } = await import('@millrace/sandbox');
  const names = work.requests.map(({ server }) => server.replace(':', '-'));
  const guard = await guardSandbox(sandbox.directory, 'stop', names);
  try {
    await upAndLeave(context, sandbox, work);
    context.output.note('Ctrl-C ends them');
    await untilAborted(work.signal);
  } finally {
    const there = sandbox.servers().flatMap(({ record }) => (names.includes(record.name) ? [record.name] : []));
    if (there.length > 0) await sandbox.down(there);
    guard.release();
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  // A timer keeps the process; a signal handler alone does not.
  while (!signal.aborted) await sleep(2 ** 30, undefined, { signal }).catch(() => undefined);
}

async function printServers({ output }: CommandContext, servers: readonly Server[], format: SettingsFormat): Promise<void> {
  const { formatSettings } = await import('@millrace/sandbox');
  for (const server of servers) {
    const { record, settings } = server;
    const nodes = output.json ? await server.status() : [];
    output.record({ server: record.name, version: record.installation.version, secure: record.secure, nodes, ...settings }, () =>
      formatSettings(settings, format),
    );
  }
}

async function showStatus({ output }: CommandContext, nodes: readonly NodeStatus[]): Promise<void> {
  const rows = nodes.map(({ server, version, node, state, pid, ports }) => ({
    server,
    version,
    node,
    state,
    pid,
    ports: Object.entries(ports)
      .map(([name, port]) => `${name} ${port}`)
      .join(', '),
  }));
  output.table(
    rows,
    ['server', 'version', 'node', 'state', 'pid', 'ports'],
    "no servers here; 'millrace sandbox up kafka' starts one",
  );
  const dead = [...new Set(nodes.filter(({ state }) => state === 'dead').map(({ server }) => server))];
  for (const server of dead)
    output.note(
      `${server} ended without being asked to; 'millrace sandbox logs ${server}' shows why, 'up ${server}' starts it again with its data`,
    );
}
