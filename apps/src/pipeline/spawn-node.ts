import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { CountsReport, SpawnApp } from './spawn.ts';

/** How app processes are started. */
export interface NodeSpawnOptions {
  /** A module that runs the app whose kind and name are its arguments, with `runApp`. */
  readonly entry: string;
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
}

/** Starts every app with this Node, without a shell; its counts come over the IPC channel. */
export function nodeSpawner({ entry, nodeArgs = [], env = process.env, cwd }: NodeSpawnOptions): SpawnApp {
  return (request) => {
    const child = spawn(process.execPath, [...nodeArgs, entry, request.kind, request.app], {
      cwd,
      env: { ...env, ...request.env, [jsonVariable]: withInherited(env[jsonVariable], request.env[jsonVariable]) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const exited = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return {
      onLine(listener) {
        for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on('line', listener);
      },
      onCounts(listener) {
        child.on('message', (message: unknown) => {
          if (isReport(message)) listener(message.counts);
        });
      },
      exited,
      stop: () => void child.kill('SIGTERM'),
      kill: () => void child.kill('SIGKILL'),
    };
  };
}

const jsonVariable = 'SPRING_APPLICATION_JSON';

/** What the app is given, over what its environment says already: brokers are often configured there. */
function withInherited(inherited: string | undefined, own: string | undefined): string {
  return JSON.stringify({ ...objectIn(inherited), ...objectIn(own) });
}

function objectIn(text: string | undefined): object {
  return text ? (JSON.parse(text) as object) : {};
}

function isReport(message: unknown): message is CountsReport {
  return (message as Partial<CountsReport> | null)?.kind === 'millrace.counts';
}
