import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
}

/** A directory that is gone when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

const main = join(import.meta.dirname, '../src/main.ts');
const flags = ['--conditions=development', '--disable-warning=ExperimentalWarning'];

/** Runs the command as users do, in a directory of its own unless told otherwise. */
export async function millrace(
  args: readonly string[],
  { cwd = temporaryDirectory(), input, env = {} }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [...flags, main, ...args], { cwd, env: { ...process.env, NO_COLOR: '1', ...env } });
  child.stdin.end(input ?? '');
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.toArray().then((parts) => Buffer.concat(parts as Buffer[]).toString()),
    child.stderr.toArray().then((parts) => Buffer.concat(parts as Buffer[]).toString()),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, stdout, stderr };
}

/** The result lines of `--json`. */
export function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
