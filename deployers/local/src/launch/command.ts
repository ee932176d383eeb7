import type { DeploymentRequest } from '@millrace/deployer-contract';
import type { Settings } from '../settings.ts';
import { javaProgram } from './java.ts';
import { splitOptions } from './arguments.ts';
import { localOptions } from '../properties.ts';

/** The program that runs apps of ours: builtin ones and those of modules. */
export interface AppHost {
  /** A module that runs the apps of the variable `MILLRACE_APPS`. */
  readonly entry: string;
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[] | undefined;
  /** Default: the Node of this process. */
  readonly node?: string | undefined;
}

/** What is executed. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** What a command depends on beside the request. */
export interface CommandContext {
  readonly host: AppHost | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** The command of one instance. The request was checked and has its secrets filled in. Throws `JAVA_MISSING` or `OPTIONS_UNBALANCED`. */
export function commandOf(request: DeploymentRequest, settings: Settings, index: number, context: CommandContext): Command {
  const { resource, label } = request.apps[0];
  const args = request.arguments ?? [];
  switch (resource.kind) {
    case 'builtin':
    case 'module':
      return nodeCommand(context.host!, settings, index, args);
    case 'jar': {
      const options = javaOptions(settings, index);
      return { file: javaProgram(label, settings, context.env), args: [...options, '-jar', resource.path, ...args] };
    }
    case 'executable':
      return { file: resource.path, args };
    default:
      throw new TypeError(`'${label}' is no program, which is refused before`);
  }
}

function nodeCommand(host: AppHost, settings: Settings, index: number, args: readonly string[]): Command {
  const { memoryMiB, debugPort, debugAddress, debugSuspend } = settings;
  const inspect = debugSuspend === 'y' ? '--inspect-brk' : '--inspect';
  const options = [
    ...(memoryMiB === undefined ? [] : [`--max-old-space-size=${memoryMiB}`]),
    ...(debugPort === undefined ? [] : [`${inspect}=${debugAddress}:${debugPort + index}`]),
  ];
  return { file: host.node ?? process.execPath, args: [...(host.nodeArgs ?? []), ...options, host.entry, ...args] };
}

/** The options of the Java runtime: what was given, and the limit and the debugger unless those say otherwise. */
export function javaOptions(settings: Settings, index: number): readonly string[] {
  const { memoryMiB, debugPort, debugAddress, debugSuspend } = settings;
  const given = splitOptions(localOptions.javaOpts.name, settings.javaOpts ?? '');
  const hasLimit = given.some((each) => each.startsWith('-Xmx'));
  return [
    ...given,
    ...(memoryMiB === undefined || hasLimit ? [] : [`-Xmx${memoryMiB}m`]),
    ...(debugPort === undefined
      ? []
      : [`-agentlib:jdwp=transport=dt_socket,server=y,suspend=${debugSuspend},address=${debugAddress}:${debugPort + index}`]),
  ];
}
