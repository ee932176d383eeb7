import type { DataflowClient } from '@millrace/dataflow-client';

/** An option of a command. */
export interface CommandOption {
  readonly name: string;
  /** Another name for it. */
  readonly alias?: string;
  readonly help: string;
  readonly mandatory?: boolean;
  /** Its value when it is not given. */
  readonly otherwise?: string;
  /** Its value when it is given without one: options that have this are switches. */
  readonly whenGiven?: string;
  /** Takes a value that stands alone, without the option's name. */
  readonly isDefault?: boolean;
  /** Takes all words that stand alone, together. */
  readonly takesAll?: boolean;
  /** Proposals for its value. */
  readonly complete?: (context: ShellContext, begun: string, values: OptionValues) => Promise<readonly string[]>;
}

/** The values of a command's options. Those that were not given and have no default are absent. */
export type OptionValues = Readonly<Record<string, string | undefined>>;

/** What a command gives: text for people, and the data that it was made from for programs. */
export interface Outcome {
  readonly text: string;
  readonly data?: unknown;
}

/** A command of the shell. */
export interface ShellCommand {
  /** The words that it begins with: `stream create`. */
  readonly name: string;
  readonly description: string;
  readonly options: readonly CommandOption[];
  /** Works without a server. */
  readonly local?: boolean;
  readonly run: (context: ShellContext, values: OptionValues) => Promise<Outcome>;
}

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
