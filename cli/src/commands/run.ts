import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { AppProgress, Logger, PipelineText, RunResult } from '@millrace/apps';
import { messageOf, MillraceError } from '@millrace/core';
import { logToStderr } from '@millrace/messaging';
import type { Log } from '@millrace/messaging';
import { connect } from '../connect.ts';
import { connectOptions, contextOf } from '../context.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { entryPath } from '../entry.ts';
import { raise } from '../errors.ts';
import { hasData } from '../has-data.ts';
import { ProgressView } from '../progress.ts';

interface RunFlags {
  readonly fuse: boolean;
  readonly tap?: boolean;
  readonly name?: string;
  readonly file?: string;
  readonly quiet?: boolean;
  readonly property: readonly string[];
}

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('Run pipelines in the foreground until their sources end or Ctrl-C, which drains.')
    .argument(
      '[definitions...]',
      "pipelines such as 'http --port=9000 | filter --expression=payload.hot | log', with 'name =' before it if wanted",
    )
    .option('-n, --name <name>', 'the name of the first pipeline')
    .option('--file <file>', 'read definitions from a file, one a line; # begins a comment')
    .option('--no-fuse', 'a process per app, connected through the binder, instead of all in this process')
    .option('--tap', "also publish every app's output to its destination, so that others can read along")
    .option(
      '-p, --property <name=value>',
      'a property of all apps; may be repeated',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('-q, --quiet', 'no progress and no summary')
    .addHelpText(
      'after',
      "\nExamples:\n  millrace run 'time | log'\n  millrace run 'orders = http --port=9000 | filter --expression=\"payload.price > 10\" > :dear' ':dear > log'",
    )
    .action((definitions: string[], flags: RunFlags, command: Command) => run(contextOf(command), definitions, flags));
}

async function run(context: CommandContext, definitions: readonly string[], flags: RunFlags): Promise<void> {
  const texts = textsOf(definitions, flags);
  const { output, globals } = context;
  const properties = Object.fromEntries(flags.property.map(parseProperty));
  const view = process.stderr.isTTY && !output.json && !flags.quiet ? new ProgressView(process.stderr) : undefined;
  const stop = new AbortController();
  // Lines of apps and progress share the terminal.
  const beside = (write: () => void): void => (view === undefined ? write() : view.besides(write));
  const signals = listen(stop, (text) => beside(() => output.note(text)));
  const log: Log = (...entry) => beside(() => logToStderr(...entry));
  let connection: ReturnType<typeof connect> | undefined;
  try {
    const { lineLogger, nodeSpawner, runPipelines } = await import('@millrace/apps');
    const result = await runPipelines(texts, {
      connect: () => (connection ??= connect({ ...connectOptions(globals), properties, log, handleSignals: false })),
      fuse: flags.fuse,
      tap: flags.tap,
      redriven: await hasData(globals),
      properties,
      signal: stop.signal,
      logger: output.json ? jsonLogger(output) : lineLogger((line) => beside(() => process.stdout.write(line))),
      onProgress: view && ((progress) => view.draw(progress)),
      spawnApp: nodeSpawner({
        entry: entryPath('app-process'),
        nodeArgs: process.execArgv,
        env: { ...process.env, ...environment(globals) },
      }),
    });
    if (!flags.quiet) summarise(context, result);
  } catch (error) {
    if (!output.json) await explain(error, output);
    // What did not give up may keep this process alive.
    if (error instanceof MillraceError && error.reason === 'CLOSE_TIMEOUT') setTimeout(() => process.exit(), 2000).unref();
    throw error;
  } finally {
    signals();
    await (await connection)?.close();
  }
}

/** What apps log, as the other results of `--json`: a document a line. */
function jsonLogger(output: CommandContext['output'], app?: string): Logger {
  return {
    log(level, text) {
      if (level !== 'DEBUG' && level !== 'TRACE') output.record({ time: new Date().toISOString(), level, app, text }, () => '');
    },
    named: (name) => jsonLogger(output, name),
  };
}

/** Shows where in a definition the error is. */
async function explain(error: unknown, output: CommandContext['output']): Promise<void> {
  const { DslError, formatDslError } = await import('@millrace/pipeline-dsl');
  if (error instanceof DslError) output.note(formatDslError(error));
}

function textsOf(definitions: readonly string[], { file, name }: RunFlags): readonly PipelineText[] {
  const lines = [...definitions, ...(file === undefined ? [] : definitionsIn(file))];
  if (lines.length === 0) throw raise('NOTHING_TO_RUN', {});
  return lines.map((dsl, index) => (index === 0 && name !== undefined ? { name, dsl } : { dsl }));
}

function definitionsIn(file: string): readonly string[] {
  try {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim());
    return lines.filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    throw raise('DEFINITIONS_UNREADABLE', { file, problem: messageOf(error) }, error);
  }
}

// The first signal drains; a second one ends at once, for whoever has no patience.
function listen(stop: AbortController, note: (text: string) => void): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    note('stopping: finishing what is under way (again: stop at once)');
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

function environment({ dataDir, binder }: GlobalOptions): Record<string, string> {
  return { ...(dataDir ? { MILLRACE_DATA_DIR: dataDir } : {}), ...(binder ? { MILLRACE_BINDER: binder } : {}) };
}

function parseProperty(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw raise('BAD_PROPERTY', { text });
  return [text.slice(0, at), text.slice(at + 1)];
}

function summarise({ output }: CommandContext, { pipelines, completed }: RunResult): void {
  if (output.json) {
    output.record({ completed, pipelines }, () => '');
    return;
  }
  for (const { name, apps, elapsedMs } of pipelines) {
    const busiest = Math.max(...apps.map((app) => Math.max(app.in, app.out)));
    const path = apps.map((app) => `${app.label} ${amounts(app)}`).join(' | ');
    const parked = apps.reduce((sum, app) => sum + app.parked, 0);
    const trouble = parked > 0 ? `; parked ${parked} (see 'millrace parked list')` : '';
    output.note(
      `${name}: ${path}; ${(elapsedMs / 1000).toFixed(2)} s, ${Math.round((busiest * 1000) / Math.max(elapsedMs, 1))}/s${completed ? '' : '; stopped'}${trouble}`,
    );
  }
}

/** What an app took and gave, without the side that it does not have. */
function amounts({ kind, in: taken, out: given }: AppProgress): string {
  if (kind === 'source') return String(given);
  return kind === 'sink' ? String(taken) : `${taken}→${given}`;
}
