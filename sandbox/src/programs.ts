import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { raise } from './errors.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a program to its end, without a shell, and resolves with what it printed. Throws `COMMAND_FAILED` with the end of its output. */
export async function runProgram(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { timeoutMs = 120_000, uid, gid, signal, ...rest } = options;
  const identity = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }), ...(signal ? { signal } : {}) };
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      { ...rest, ...identity, env: { ...(rest.env ?? process.env) }, timeout: timeoutMs, maxBuffer: 2 ** 26 },
      (error, out, err) => {
        if (error === null) resolve(out + err);
        else reject(raise('COMMAND_FAILED', { command: `${file} ${args[0] ?? ''}`, problem: problemOf(error, out + err) }, error));
      },
    );
  });
}

function problemOf(error: Error, printed: string): string {
  const tail = lastLines(printed, 8);
  return tail === '' ? error.message : tail;
}

/** The last lines of a text that say something. */
export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}

/** What to do about a missing program on this platform. `names` are the package names by package manager. */
export function installHint(names: Readonly<Record<'apt' | 'dnf' | 'brew', string>>): string {
  if (process.platform === 'darwin') return `install it with 'brew install ${names.brew}'`;
  return isDebianLike()
    ? `install it with 'sudo apt-get install --no-install-recommends ${names.apt}'`
    : `install it with 'sudo dnf install ${names.dnf}' or your system's package manager`;
}

export function isDebianLike(): boolean {
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}
