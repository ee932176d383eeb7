import { messageOf } from '@millrace/core';
import { deployerError } from './errors.ts';
import type { AppSpec, BuiltinResource, ModuleResource } from './request.ts';

/** The environment variable by which a process of ours is told which apps it runs. */
export const hostVariable = 'MILLRACE_APPS';

/** An app as the process that runs it is told of it. */
export interface HostedApp extends AppSpec {
  readonly resource: BuiltinResource | ModuleResource;
}

/** The text of {@link hostVariable}: the apps of a process, in the order of their pipeline, each with its own configuration. */
export function hostText(apps: readonly HostedApp[]): string {
  return JSON.stringify(apps);
}

/** Reads what {@link hostText} wrote; `undefined` where the environment has none. Throws `HOST_INVALID` (`INVALID_ARGUMENT`). */
export function readHostedApps(env: Readonly<Record<string, string | undefined>>): readonly HostedApp[] | undefined {
  const text = env[hostVariable];
  if (text === undefined) return undefined;
  try {
    return checked(JSON.parse(text));
  } catch (error) {
    throw deployerError('HOST_INVALID', { variable: hostVariable, problem: messageOf(error) }, error);
  }
}

function checked(value: unknown): readonly HostedApp[] {
  if (!Array.isArray(value) || value.length === 0) throw new TypeError('it must be a list of apps');
  for (const app of value as Partial<HostedApp>[]) {
    if (typeof app.label !== 'string') throw new TypeError('an app has no label');
    if (app.resource?.kind !== 'builtin' && app.resource?.kind !== 'module')
      throw new TypeError(`'${app.label}' is run from neither a builtin app nor a module`);
    if (typeof app.properties !== 'object') throw new TypeError(`'${app.label}' has no properties`);
  }
  return value as readonly HostedApp[];
}
