import type { Command } from 'commander';
import type { Millrace } from '@millrace/messaging';
import { connect } from './connect.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly dataDir?: string;
  readonly binder?: string;
  readonly config?: string;
}

/** What a command works with. */
export interface CommandContext {
  readonly globals: GlobalOptions;
  readonly output: Output;
  /** Connects, runs `work`, and closes whatever happens. */
  readonly connected: <T>(work: (mr: Millrace) => Promise<T>) => Promise<T>;
}

export function contextOf(command: Command): CommandContext {
  const globals = command.optsWithGlobals<GlobalOptions>();
  return {
    globals,
    output: createOutput(globals.json ?? false),
    connected: async (work) => {
      await using mr = await connect(connectOptions(globals));
      return await work(mr);
    },
  };
}

/** The connection that the global options ask for. */
export function connectOptions(globals: GlobalOptions): { dataDir?: string; binder?: string; config?: string } {
  const { dataDir, binder, config } = globals;
  return { ...(dataDir ? { dataDir } : {}), ...(binder ? { binder } : {}), ...(config ? { config } : {}) };
}
