import type { Command } from 'commander';
import type { ParseFailed } from '@millrace/pipeline-dsl';
import { contextOf } from '../context.ts';
import type { CommandContext } from '../context.ts';
import { linesOf } from '../input-lines.ts';

interface DslFlags {
  readonly kind: string;
  readonly name?: string;
}

export function addDslCommand(program: Command): void {
  const group = program.command('dsl').description('The pipeline language: check and analyse definitions.');
  group
    .command('parse')
    .description('Parse a stream or task definition and print what it means, or the error with its position.')
    .argument('<text>', "the definition; '-' reads JSON lines {kind, name, dsl} from standard input and answers each with one line")
    .option('--kind <kind>', 'stream or task', 'stream')
    .option('--name <name>', "the definition's name")
    .action(async (text: string, flags: DslFlags, command: Command) => {
      const ok = text === '-' ? await parseLines(flags) : await parseOne(text, flags, contextOf(command));
      if (!ok) process.exitCode = 1;
    });
}

async function parseOne(dsl: string, { kind, name }: DslFlags, { globals, output }: CommandContext): Promise<boolean> {
  const { parseCommand } = await import('@millrace/pipeline-dsl');
  const response = parseCommand({ kind, name, dsl });
  output.line(JSON.stringify(response, null, globals.json ? 0 : 2));
  if (!response.ok && !globals.json && response.code > 0) output.note(marked(dsl, response));
  return response.ok;
}

/** The line of the definition that is wrong, and where. */
function marked(dsl: string, { position, message }: ParseFailed): string {
  const start = dsl.lastIndexOf('\n', position - 1) + 1;
  const [line] = dsl.slice(start).split('\n', 1);
  return `${line}\n${' '.repeat(position - start)}^ ${message}`;
}

async function parseLines(defaults: DslFlags): Promise<boolean> {
  const { parseLine } = await import('@millrace/pipeline-dsl');
  let ok = true;
  for await (const line of linesOf(process.stdin)) {
    if (line.trim() === '') continue;
    const response = parseLine(line, { ...defaults });
    ok &&= response.ok;
    if (!process.stdout.write(`${JSON.stringify(response)}\n`))
      await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
  return ok;
}
