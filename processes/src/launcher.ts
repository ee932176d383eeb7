import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseIdentity } from './identity.ts';
import type { ProcessIdentity } from './identity.ts';

/** What is started. */
export interface LaunchPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Where the output goes: files that are appended to, or this process's own output. */
export type LaunchOutput = { readonly stdout: string; readonly stderr: string } | 'inherit';

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

// A process writes down who it is before it becomes the program (`exec` keeps number and start), so there is no moment at which
// something runs that cannot be found, whatever happens to the one who started it. `set -C` makes creating the file exclusive: if
// `closeLaunch` was there first, nothing is started. The script is fixed; what to run comes as arguments and is never interpreted.
const script = `set -C
boot=-
if [ -r /proc/$$/stat ]; then
  read -r boot < /proc/sys/kernel/random/boot_id
  IFS= read -r line < /proc/$$/stat
else
  line=$(ps -o lstart= -p $$)
fi
printf '%s\\n%s\\n%s\\n' "$$" "$boot" "$line" > "$0" || exit 75
exec "$@"`;

/**
 * Starts a program in a process group of its own that outlives this process. Resolves with its identity once that is in `pidFile`, or
 * with `undefined` where nothing was started: the error output says why, or the file was closed before. `onEnd` is told how the
 * process ended, if that happens while this process lives.
 */
export async function launch(
  plan: LaunchPlan,
  pidFile: string,
  output: LaunchOutput,
  onEnd?: (end: ProcessEnd) => void,
): Promise<ProcessIdentity | undefined> {
  const child = spawnLauncher(plan, pidFile, output);
  let over = false;
  child.once('exit', (code, signal) => {
    over = true;
    onEnd?.({ code, signal });
  });
  child.once('error', (error) => {
    const line = `${plan.command}: ${error.message}\n`;
    if (output === 'inherit') process.stderr.write(line);
    else writeFileSync(output.stderr, line, { flag: 'a' });
    over = true;
    onEnd?.({ code: null, signal: null });
  });
  child.unref();
  for (;;) {
    const ended = over;
    const identity = peekIdentity(pidFile);
    if (identity !== undefined || ended) return identity;
    await sleep(5);
  }
}

function spawnLauncher(plan: LaunchPlan, pidFile: string, output: LaunchOutput): ChildProcess {
  const files = output === 'inherit' ? [] : [output.stdout, output.stderr].map((file) => openSync(file, 'a', 0o600));
  const [stdout = 'inherit', stderr = 'inherit'] = files;
  try {
    return spawn('/bin/sh', ['-c', script, pidFile, plan.command, ...plan.args], {
      cwd: plan.cwd,
      env: { ...plan.env },
      detached: true,
      stdio: ['ignore', stdout, stderr],
      ...(plan.uid === undefined ? {} : { uid: plan.uid }),
      ...(plan.gid === undefined ? {} : { gid: plan.gid }),
    });
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Who a pid file names: `undefined` where there is none, or where it was closed before anything was started. */
export async function readIdentity(pidFile: string): Promise<ProcessIdentity | undefined> {
  // Creating the file and filling it are two steps of the launcher; between them it is empty for a moment.
  for (let tries = 0; tries < 40; tries++) {
    const text = readText(pidFile);
    if (text !== '') return text === undefined ? undefined : parseIdentity(text);
    await sleep(25);
  }
  return undefined;
}

/** The same at this moment, without waiting for a launcher that is just writing. */
export function peekIdentity(pidFile: string): ProcessIdentity | undefined {
  return parseIdentity(readText(pidFile) ?? '');
}

/**
 * Marks a process as one that shall not run. A launcher that has not got so far starts nothing any more; where one has, the file keeps
 * its identity unless that process is `over`.
 */
export function closeLaunch(pidFile: string, over?: 'over'): void {
  try {
    writeFileSync(pidFile, 'closed\n', { flag: over === undefined ? 'wx' : 'w' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Allows the next launch. Only for a process that is known to have ended. */
export function clearLaunch(pidFile: string): void {
  rmSync(pidFile, { force: true });
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
