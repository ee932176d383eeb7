import { MillraceError, messageOf } from '@millrace/core';
import { DataflowClient } from '@millrace/dataflow-client';
import type { ConnectionOptions } from '@millrace/dataflow-client';
import { findCommand, readOptions } from './read-command.ts';
import type { Outcome, ServerOptions, ShellCommand, ShellContext } from './command.ts';
import { appCommands } from './commands/apps.ts';
import { generalCommands } from './commands/general.ts';
import { runtimeCommands } from './commands/runtime.ts';
import { serverCommands } from './commands/server.ts';
import { streamCommands } from './commands/streams.ts';
import { taskCommands } from './commands/tasks.ts';
import { readText } from './commands/values.ts';
import { raise } from './errors.ts';
import { isComment, wordsOf } from './line.ts';
import type { Word } from './line.ts';

/** How a shell is set up. */
export interface ShellOptions extends ConnectionOptions {
  readonly version: string;
  /** `text` (default): tables and sentences. `json`: one JSON document per command. */
  readonly output?: 'text' | 'json' | undefined;
  /** Columns of the terminal (default 120); asked for before each table where it is a function. */
  readonly width?: number | (() => number) | undefined;
  readonly print: (text: string) => void;
  /** Asks a person; absent where there is none. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
}

/** All commands. */
export const shellCommands: readonly ShellCommand[] = [
  ...appCommands,
  ...streamCommands,
  ...taskCommands,
  ...runtimeCommands,
  ...serverCommands,
  ...generalCommands,
];

/** Understands and carries out the lines of Spring Cloud Data Flow's shell. One line at a time. */
export class Shell implements ShellContext {
  readonly commands = shellCommands;
  readonly version: string;
  readonly #options: ShellOptions;
  #client: DataflowClient | undefined;
  #target: ShellContext['target'];

  constructor(options: ShellOptions) {
    this.#options = options;
    this.version = options.version;
    this.#target = { uri: String(options.uri ?? 'http://localhost:9393'), result: 'not asked yet' };
  }

  get client(): DataflowClient {
    if (this.#client === undefined) throw raise('NOT_CONNECTED', {});
    return this.#client;
  }

  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  get target(): ShellContext['target'] {
    return this.#target;
  }

  get width(): number {
    const { width = 120 } = this.#options;
    return typeof width === 'function' ? width() : width;
  }

  /** Turns to the server of the options. Resolves with what to tell; rejects where it cannot be used. */
  open(): Promise<string> {
    return this.#connect(this.#options);
  }

  connect({ uri, username, password, token }: ServerOptions): Promise<string> {
    return this.#connect({ ...this.#options, uri, username, password, token });
  }

  /** `undefined` where there is nobody to ask. */
  async confirm(question: string): Promise<boolean | undefined> {
    return this.#options.confirm?.(question);
  }

  print(text: string): void {
    if (this.#options.output !== 'json') this.#options.print(text);
  }

  /**
   * Carries out a line, or one that was split into words already, and prints what comes of it. Comments and empty lines do nothing.
   * Connects first where that was not done and the command needs it. Rejects with what went wrong.
   */
  async run(line: string | readonly string[]): Promise<void> {
    if (typeof line === 'string' && isComment(line)) return;
    const words = typeof line === 'string' ? wordsOf(line) : line.map(wordOf);
    if (words[0]?.text.startsWith('!') === true) throw raise('OS_COMMAND', {});
    const { command, rest } = findCommand(this.commands, words);
    const values = readOptions(command, rest);
    if (command.local !== true && !this.isConnected) await this.open();
    this.#show(await command.run(this, values));
  }

  /** Runs the lines of a file until one fails, which is `SCRIPT_STOPPED`. */
  async runFile(file: string, lineNumbers = false): Promise<void> {
    const lines = (await readText(file)).split(/\r?\n/);
    for (const [i, line] of lines.entries()) {
      if (isComment(line)) continue;
      if (lineNumbers) this.print(`Line ${i + 1}: ${line}`);
      try {
        await this.run(line);
      } catch (error) {
        throw raise('SCRIPT_STOPPED', { file, line: i + 1, problem: messageOf(error) }, error);
      }
    }
  }

  async #connect(options: ConnectionOptions): Promise<string> {
    const client = new DataflowClient(options);
    try {
      await client.check();
      const { authenticationEnabled, authenticated } = await client.security();
      if (authenticationEnabled && !authenticated) throw raise('LOGIN_NEEDED', { uri: client.uri });
    } catch (error) {
      this.#client = undefined;
      this.#target = { uri: client.uri, result: messageOf(error) };
      throw error;
    }
    this.#client = client;
    this.#target = { uri: client.uri, result: `Successfully targeted ${client.uri}` };
    return this.#target.result;
  }

  #show({ text, data }: Outcome): void {
    if (this.#options.output === 'json') this.#options.print(JSON.stringify(data === undefined ? { message: text } : data));
    else if (text !== '') this.#options.print(text);
  }
}

/** A word that was a quoted one where it came from. */
function wordOf(text: string): Word {
  return { text, quoted: !text.startsWith('--') && /\s/.test(text), start: 0 };
}

/** An error as the shell shows it: its message, as JSON where that is the output. */
export function errorText(error: unknown, output: ShellOptions['output']): string {
  if (output !== 'json') return messageOf(error);
  return JSON.stringify(error instanceof MillraceError ? error.toJSON() : { message: messageOf(error) });
}
