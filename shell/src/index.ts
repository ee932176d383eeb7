// Public names are listed here one by one.
export { errorText, Shell, shellCommands } from './shell.ts';
export type { ShellOptions } from './shell.ts';
export type { CommandOption, OptionValues, Outcome, ServerOptions, ShellCommand, ShellContext } from './command.ts';
export { completeLine } from './completion.ts';
export type { Completion } from './completion.ts';
export { historyFile, runTerminal } from './terminal.ts';
export { raise as shellError } from './errors.ts';
