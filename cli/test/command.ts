import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the command as Ctrl-C does. */
  readonly signal?: AbortSignal;
}

/** Whether this user may mount a file system for a process of its own. */
export const canMount =
  spawnSync('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

/**
 * Runs the command several times, one after the other, with a file system of its own at `data` in the working directory:
 * `size=1m` for one that is soon full, `ro` for one that cannot be written.
 */
export async function millraceOn(
  mount: string,
  commands: readonly (readonly string[])[],
  { cwd, input }: RunOptions,
): Promise<Outcome> {
  mkdirSync(join(cwd!, 'data'), { recursive: true });
  const [first, ...rest] = commands.map((args) => quoted([process.execPath, ...flags, main, ...args, '--data-dir', 'data']));
  const script = [`mount -t tmpfs -o ${mount} tmpfs data`, `${first}; code=$?`, ...rest, 'exit $code'].join('\n');
  return outcomeOf(spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', script], { cwd, env: plainEnv() }), input);
}

/** A directory that is gone when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

const main = join(import.meta.dirname, '../src/main.ts');
const flags = ['--conditions=development', '--disable-warning=ExperimentalWarning'];

/** The words that run the command. */
export function commandLine(args: readonly string[]): readonly string[] {
  return [process.execPath, ...flags, main, ...args];
}

/** Runs the command as users do, in a directory of its own unless told otherwise. */
export async function millrace(
  args: readonly string[],
  { cwd = temporaryDirectory(), input, env = {}, signal }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [...flags, main, ...args], { cwd, env: { ...plainEnv(), ...env } });
  signal?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  return outcomeOf(child, input);
}

function plainEnv(): NodeJS.ProcessEnv {
  return { ...process.env, NO_COLOR: '1' };
}

async function outcomeOf(child: ChildProcessWithoutNullStreams, input = ''): Promise<Outcome> {
  // One that fails early does not read all of it.
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.toArray().then((parts) => Buffer.concat(parts as Buffer[]).toString()),
    child.stderr.toArray().then((parts) => Buffer.concat(parts as Buffer[]).toString()),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, stdout, stderr };
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' ');
}

/** The result lines of `--json`. */
export function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
