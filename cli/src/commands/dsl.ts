import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { contextOf } from '../context.ts';

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
      const ok = text === '-' ? await parseLines() : await parseOne(text, flags, contextOf(command).globals.json ?? false);
      if (!ok) process.exitCode = 1;
    });
}

async function parseOne(dsl: string, { kind, name }: DslFlags, json: boolean): Promise<boolean> {
  const { parseCommand } = await import('@millrace/pipeline-dsl');
  const response = parseCommand({ kind, name, dsl });
  console.log(json ? JSON.stringify(response) : JSON.stringify(response, null, 2));
  return response.ok;
}

async function parseLines(): Promise<boolean> {
  const { parseCommand } = await import('@millrace/pipeline-dsl');
  let ok = true;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const response = parseCommand(readRequest(line));
    ok &&= response.ok;
    if (!process.stdout.write(`${JSON.stringify(response)}\n`))
      await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
  return ok;
}

// A line that is no JSON is passed on as it is: the language package answers it like any other wrong request.
function readRequest(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return line;
  }
}
