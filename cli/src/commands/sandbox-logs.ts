import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { contextOf } from '../context.ts';
import type { CommandContext } from '../context.ts';
import { raise } from '../errors.ts';
import { parseCount } from '../positions.ts';
import { directoryOption, openSandbox } from '../sandbox-directory.ts';
import type { DirectoryFlag } from '../sandbox-directory.ts';

interface LogFlags extends DirectoryFlag {
  readonly node?: string;
  readonly lines: number;
  readonly follow?: boolean;
}

const followEveryMs = 200;

export function addSandboxLogsCommand(group: Command): void {
  group
    .command('logs')
    .description('Show what a server wrote since its last start.')
    .argument('<server>', 'the name of the server')
    .option('--node <name>', 'only this node, e.g. node-2')
    .option('-n, --lines <count>', 'how many of the last lines', parseCount('--lines', 1), 50)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .addOption(directoryOption())
    .action((name: string, flags: LogFlags, command: Command) => showLogs(contextOf(command), name, flags));
}

async function showLogs({ output }: CommandContext, name: string, flags: LogFlags): Promise<void> {
  const { members } = (await openSandbox(flags)).server(name);
  const shown = members.filter(({ plan }) => flags.node === undefined || plan.name === flags.node);
  const known = members.map(({ plan }) => plan.name).join(', ');
  if (shown.length === 0) throw raise('NO_SUCH_NODE', { server: name, node: flags.node, known });
  const print = (node: string, lines: readonly string[]): void => {
    for (const line of lines) output.record({ node, line }, () => (shown.length > 1 ? `${node} | ${line}` : line));
  };
  const ends: number[] = [];
  for (const [index, member] of shown.entries()) {
    const text = member.log();
    ends[index] = Buffer.byteLength(text);
    print(member.plan.name, text.split('\n').filter(Boolean).slice(-flags.lines));
  }
  while (flags.follow) {
    await sleep(followEveryMs);
    for (const [index, member] of shown.entries()) {
      const { text, end } = await readFrom(member.logFile, ends[index]!);
      ends[index] = end;
      print(member.plan.name, text.split('\n').filter(Boolean));
    }
  }
}

/** The whole lines of a file after a place. A file that became shorter was begun anew. */
async function readFrom(file: string, from: number): Promise<{ text: string; end: number }> {
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  const start = size < from ? 0 : from;
  const bytes = Buffer.alloc(size - start);
  await handle.read(bytes, 0, bytes.length, start);
  const last = bytes.lastIndexOf('\n') + 1;
  return { text: bytes.toString('utf8', 0, last), end: start + last };
}
