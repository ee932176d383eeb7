import type { Command } from 'commander';
import type { AppDefinition, AppKind } from '@millrace/apps';
import { didYouMean } from '@millrace/core';
import { connect } from '../connect.ts';
import { connectOptions, contextOf } from '../context.ts';
import { raise } from '../errors.ts';

const kinds: readonly AppKind[] = ['source', 'processor', 'sink'];

export function addAppCommands(program: Command): void {
  const group = program.command('apps').description('The stock apps: sources, processors and sinks of pipelines.');
  group
    .command('list', { isDefault: true })
    .description('List the apps.')
    .option('--type <type>', 'only sources, processors or sinks')
    .action(async (flags: { type?: string }, command: Command) => {
      const { Catalogue } = await import('@millrace/apps');
      if (flags.type !== undefined && !kinds.includes(flags.type as AppKind))
        throw raise('BAD_APP_TYPE', { type: flags.type, known: kinds.join(', '), hint: didYouMean(flags.type, kinds) });
      const apps = new Catalogue().list().filter(({ kind }) => flags.type === undefined || kind === flags.type);
      contextOf(command).output.table(
        apps.map(({ name, kind, description }) => ({ name, type: kind, description })),
        ['name', 'type', 'description'],
        'no apps',
      );
    });
  group
    .command('info')
    .description("Show an app's options with their types and defaults.")
    .argument('<name>', "an app's name, with its type before a colon where two share it, e.g. sink:file")
    .action(async (name: string, _, command: Command) => {
      const { output } = contextOf(command);
      const { appHelp, appMetadata } = await import('@millrace/apps');
      for (const app of await appsNamed(name)) {
        output.record(
          { name: app.name, type: app.kind, version: app.version, ...appMetadata(app) },
          () => `${app.kind} ${app.name}\n${appHelp(app)}`,
        );
      }
    });
  program
    .command('app')
    .description('Run one app as a program of its own, bound to destinations.')
    .argument('<name>', "an app's name, with its type before a colon where two share it, e.g. sink:file")
    .argument('[options...]', "the app's options as --name=value; --input=destination and --output=destination bind it")
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .addHelpText('after', "\nExample:\n  millrace app filter --expression='payload.price > 10' --input=orders --output=dear-orders")
    .action((name: string, args: string[], _, command: Command) => runOne(name, args, command));
}

async function runOne(name: string, args: readonly string[], command: Command): Promise<void> {
  const { globals, output } = contextOf(command);
  if (name === '--help' || name === '-h') {
    output.line(command.helpInformation());
    return;
  }
  const { appHelp, runApp } = await import('@millrace/apps');
  const options = args.map(bindingOption);
  const app = bestFor(options, await appsNamed(name));
  if (args.includes('--help')) {
    output.line(`millrace app ${name}\n\n${appHelp(app)}`);
    return;
  }
  await runApp(app, {
    args: options,
    connect: (properties) => connect({ ...connectOptions(globals), properties, handleSignals: false }),
    onReady: ({ port, bindings }) => {
      const bound = bindings.map(({ name: binding, destination }) => ` ${binding}=${destination}`).join(',');
      output.note(`${app.kind} ${app.name} runs,${bound}; http://127.0.0.1:${port}/actuator/health`);
    },
  });
}

/** Where a source and a sink share a name, what is bound tells which is meant. */
function bestFor(options: readonly string[], apps: readonly AppDefinition[]): AppDefinition {
  const reads = options.some((each) => each.startsWith('--spring.cloud.stream.bindings.input.destination='));
  return apps.find(({ kind }) => (kind === 'source') !== reads) ?? apps[0]!;
}

/** `--input=x` and `--output=x` are short for the destinations of the bindings. */
function bindingOption(argument: string): string {
  return argument
    .replace(/^--(input|output)=/, '--spring.cloud.stream.bindings.$1.destination=')
    .replace(/^--group=/, '--spring.cloud.stream.bindings.input.group=');
}

/** The apps that a name means: one, or one of each kind that has it. Raises with a suggestion when there is none. */
async function appsNamed(text: string): Promise<readonly AppDefinition[]> {
  const { Catalogue } = await import('@millrace/apps');
  const catalogue = new Catalogue();
  const [kind, name] = text.includes(':') ? (text.split(':', 2) as [AppKind, string]) : [undefined, text];
  if (kind !== undefined) return [catalogue.require(kind, name)];
  const found = kinds.flatMap((candidate) => catalogue.get(candidate, name) ?? []);
  if (found.length > 0) return found;
  const names = catalogue.list().map((app) => app.name);
  throw raise('UNKNOWN_APP', { name, hint: didYouMean(name, names) });
}
