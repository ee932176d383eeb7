import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { MillraceError } from '@millrace/core';
import { addAppCommands } from './commands/apps.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDestinationCommands } from './commands/destinations.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDslCommand } from './commands/dsl.ts';
import { addParkedCommands } from './commands/parked.ts';
import { addPublishCommand } from './commands/publish.ts';
import { addRegionCommands } from './commands/regions.ts';
import { addRunCommand } from './commands/run.ts';
import { addSandboxCommands } from './commands/sandbox.ts';
import { addShellCommand } from './commands/shell.ts';
import { addStartCommand } from './commands/start.ts';
import { addTailCommand } from './commands/tail.ts';
import { formatError } from './output.ts';

/** The whole command: its tree is also what `--help`, the reference page and shell completion are made from. */
export function createProgram(): Command {
  const program = new Command('millrace')
    .description('Event-driven microservices: event streams, commands and data events over interchangeable binders.')
    .version((createRequire(import.meta.url)('../package.json') as { version: string }).version)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError("('millrace --help' lists the commands)")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const option of globalOptions()) program.addOption(option);
  for (const add of [
    addRunCommand,
    addAppCommands,
    addPublishCommand,
    addTailCommand,
    addDestinationCommands,
    addParkedCommands,
    addRegionCommands,
    addDslCommand,
    addStartCommand,
    addShellCommand,
    addSandboxCommands,
    addDoctorCommand,
    addCompletionCommand,
  ]) {
    add(program);
  }
  program.commands.forEach(acceptGlobals);
  return program;
}

function globalOptions(): readonly Option[] {
  return [
    new Option('--json', 'print results and errors as JSON, one document a line'),
    new Option('--data-dir <dir>', "the embedded binder's directory (default: MILLRACE_DATA_DIR or .millrace)"),
    new Option('--binder <name>', 'the binder of everything that names none (default: MILLRACE_BINDER or embedded)'),
    new Option('--config <file>', 'a configuration file instead of millrace.config.*'),
    new Option('--debug', 'print stack traces of errors'),
  ];
}

// Options of every command may stand before its name or after it; help shows them once, as global ones.
function acceptGlobals(command: Command): void {
  for (const option of globalOptions())
    if (!command.options.some(({ long }) => long === option.long)) command.addOption(option.hideHelp());
  command.commands.forEach(acceptGlobals);
}

/** Runs one command line and resolves with the exit code: 0 done, 1 failed, 2 wrong usage. Never throws. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`${formatError(error, { json: args.includes('--json'), debug: args.includes('--debug') })}\n`);
    return error instanceof MillraceError && error.code === 'INVALID_ARGUMENT' ? 2 : 1;
  }
}
