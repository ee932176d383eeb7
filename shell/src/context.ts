import type { DataflowClient } from '@millrace/dataflow-client';
import type { ShellCommand } from './command.ts';

/** What commands work with. */
export interface ShellContext {
  /** The server that is spoken to; throws `NOT_CONNECTED` where there is none. */
  readonly client: DataflowClient;
  readonly commands: readonly ShellCommand[];
  /** Columns of the terminal. */
  readonly width: number;
  readonly version: string;
  /** How the last attempt to reach a server ended. */
  readonly target: { readonly uri: string; readonly result: string };
  /** Turns to another server. Resolves with what to tell. */
  connect(options: ServerOptions): Promise<string>;
  /** Asks a person; `undefined` where there is none. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Prints at once, ahead of the outcome. */
  print(text: string): void;
  /** Runs the lines of a file. */
  runFile(file: string, lineNumbers: boolean): Promise<void>;
}

/** Which server, and how to log in there. */
export interface ServerOptions {
  readonly uri: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}
