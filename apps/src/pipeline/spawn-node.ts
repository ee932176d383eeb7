import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { CountsReport, LagReport, LagRequest, SpawnApp } from './spawn.ts';

/** How app processes are started. */
export interface NodeSpawnOptions {
  /** A module that runs the app whose kind and name are its arguments, with `runApp`. */
  readonly entry: string;
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
}

/** Starts every app with this Node, without a shell; its counts and lag come over the IPC channel. */
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
          if (isOf<CountsReport>(message, 'millrace.counts')) listener(message.counts);
        });
      },
      lag: lagOf(child),
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

/** Asks a process for its lag. One that ends instead of answering has none. */
function lagOf(child: ChildProcess): () => Promise<number | undefined> {
  const asked = new Map<number, (lag: number | undefined) => void>();
  let requests = 0;
  const answer = (request: number, lag: number | undefined): void => {
    asked.get(request)?.(lag);
    asked.delete(request);
  };
  child.on('message', (message: unknown) => {
    if (isOf<LagReport>(message, 'millrace.lag')) answer(message.request, message.lag);
  });
  child.once('disconnect', () => [...asked.keys()].forEach((request) => answer(request, undefined)));
  return () =>
    new Promise((resolve) => {
      const request = requests++;
      asked.set(request, resolve);
      const question: LagRequest = { kind: 'millrace.lag?', request };
      if (!child.connected) answer(request, undefined);
      else
        child.send(question, (error) => {
          if (error !== null) answer(request, undefined);
        });
    });
}

function isOf<M extends { readonly kind: string }>(message: unknown, kind: M['kind']): message is M {
  return (message as Partial<M> | null)?.kind === kind;
}
