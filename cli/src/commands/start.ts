import { join } from 'node:path';
import type { Command } from 'commander';
import { CommanderError, Option } from 'commander';
import { contextOf } from '../context.ts';

interface StartFlags {
  readonly port: number;
  readonly host: string;
}

/** `millrace start`: the data-flow server, until it is told to end. */
export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description("The data-flow server: Spring Cloud Data Flow's REST API, with its state in the data directory.")
    .addOption(new Option('--port <port>', 'where to listen; 0: any free one').env('SERVER_PORT').default(9393).argParser(portOf))
    .addOption(new Option('--host <host>', 'the address to listen on').env('SERVER_ADDRESS').default('127.0.0.1'))
    .action(async ({ port, host }: StartFlags, command: Command) => {
      const { output, globals } = contextOf(command);
      const directory = globals.dataDir ?? process.env['MILLRACE_DATA_DIR'] ?? '.millrace';
      const { startServer } = await import('@millrace/dataflow-server');
      const server = await startServer({
        port,
        host,
        dataDirectory: join(directory, 'server'),
        report: (error, what) =>
          process.stderr.write(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
      });
      if (output.json) process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
      else process.stdout.write(`The data-flow server listens at ${server.url}. To use it: millrace shell --uri ${server.url}\n`);
      await new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
      });
      await server.close();
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new CommanderError(2, 'commander.invalidArgument', `error: --port must be a number from 0 to 65535, but is '${text}'`);
}
