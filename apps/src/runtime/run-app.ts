import { optionHelp } from '@millrace/core';
import type { OptionSet } from '@millrace/core';
import type { AppProgress } from '../pipeline/progress.ts';
import { inputOptions, instanceOptions, outputOptions } from './bindings.ts';
import type { AppDefinition } from './define.ts';
import { RunningApps } from './running-apps.ts';
import type { AppToRun, RunAppOptions } from './running-apps.ts';

/**
 * Runs one app: reads its configuration, binds it to its destinations, serves `/actuator` and works until it is told to stop or, if it
 * is a source that ends, is done; then finishes what is under way and closes the runtime. Resolves with what it did. Rejects with the
 * errors of configuration and options, or with `APP_FAILED`.
 */
export async function runApp(definition: AppDefinition, options: RunAppOptions): Promise<AppProgress> {
  const [progress] = await runApps([{ definition }], options);
  return progress!;
}

/**
 * Runs neighbours of a pipeline in one process, as {@link runApp} does with one app: they hand messages over directly, and a message is
 * done when every app after it is. Between neighbours nothing goes through the broker, unless the app before has
 * `millrace.bindings.output.tap`. Rejects with `NOT_NEIGHBOURS` where one app's output is not the next one's input.
 */
export async function runApps(apps: readonly [AppToRun, ...AppToRun[]], options: RunAppOptions): Promise<readonly AppProgress[]> {
  return new RunningApps(apps, options).run();
}

/** The `--help` text of an app: its options, then those of every app of its kind. */
export function appHelp(definition: AppDefinition): string {
  const { description, kind, options } = definition;
  const shared = { ...(kind === 'source' ? {} : inputOptions), ...(kind === 'sink' ? {} : outputOptions), ...instanceOptions };
  const own = Object.keys(options).length === 0 ? 'It has no options of its own.' : `Options:\n${optionHelp(options)}`;
  return `${description}\n\n${own}\n\nOptions of every ${kind}:\n${optionHelp(byFullName(shared))}\n`;
}

// Short names would promise what is only understood in full.
function byFullName(specs: OptionSet): OptionSet {
  return Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, { ...spec, shortName: spec.name }]));
}
