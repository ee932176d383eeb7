import { createRequire } from 'node:module';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Shell } from '@millrace/shell';
import { contextOf } from '../context.ts';

interface ShellFlags {
  readonly uri?: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly script?: string;
  readonly output?: 'text' | 'json';
}

/** `millrace shell`: the data-flow shell, at a terminal, for one command, or for a file of them. */
export function addShellCommand(program: Command): void {
  program
    .command('shell')
    .description("Spring Cloud Data Flow's shell: streams, applications and tasks of a data-flow server.")
    .argument('[command...]', "a command to run and end, such as 'stream list'")
    .addOption(new Option('--uri <uri>', 'the server').env('MILLRACE_DATAFLOW_URI').default('http://localhost:9393'))
    .addOption(new Option('--username <name>', 'to log in with').env('MILLRACE_DATAFLOW_USERNAME'))
    .addOption(new Option('--password <password>', 'to log in with').env('MILLRACE_DATAFLOW_PASSWORD'))
    .addOption(new Option('--token <token>', 'a bearer token to log in with').env('MILLRACE_DATAFLOW_TOKEN'))
    .option('--script <file>', 'run the commands of a file, until one fails')
    .addOption(new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text'))
    .passThroughOptions()
    .action(async (given: readonly string[], flags: ShellFlags, command: Command) => {
      const { output } = contextOf(command);
      const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
      const shells = await import('@millrace/shell');
      const { script, ...connection } = flags;
      const { words, output: behind } = outputOf(given);
      const options = { ...connection, version, output: output.json ? ('json' as const) : (behind ?? flags.output) };
      if (words.length === 0 && script === undefined && process.stdin.isTTY) return shells.runTerminal(options);
      await runLines(new shells.Shell({ ...options, print, width: process.stdout.columns }), words, script).catch(
        (error: unknown) => {
          process.stderr.write(`${shells.errorText(error, options.output)}\n`);
          process.exitCode = 1;
        },
      );
    });
}

/** One command, a file of commands, or those that come by standard input. */
async function runLines(shell: Shell, words: readonly string[], script: string | undefined): Promise<void> {
  if (script !== undefined) return shell.runFile(script);
  if (words.length === 0) return shell.runFile('/dev/stdin');
  return shell.run(words.length === 1 ? words[0]! : words);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What to print may be said behind the shell's command, too. */
function outputOf(words: readonly string[]): { readonly words: readonly string[]; readonly output: 'text' | 'json' | undefined } {
  const at = words.indexOf('--output');
  const output = words[at + 1];
  if (at < 0 || (output !== 'json' && output !== 'text')) return { words, output: undefined };
  return { words: words.toSpliced(at, 2), output };
}
