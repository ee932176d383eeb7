import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseIdentity } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** The environment variable by which leftovers of a server are known to be the sandbox's. */
export const markName = 'MILLRACE_SANDBOX_NODE';

export interface LaunchPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

// A process writes down who it is before it becomes the server (`exec` keeps number and start), so there is no moment at which a
// server runs that `down` cannot find, whatever happens to the command that started it. `set -C` makes creating the file exclusive:
// if `down` was there first, nothing is started. The script is fixed; what to run comes as arguments and is never interpreted.
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
 * Starts a server in a process group of its own that outlives this process; its output goes to `logFile`. Resolves with its identity
 * once that is in `pidFile`, or with `undefined` where nothing was started: the log says why, or the file was closed before.
 */
export async function launch(plan: LaunchPlan, pidFile: string, logFile: string): Promise<ProcessIdentity | undefined> {
  const child = spawnLauncher(plan, pidFile, logFile);
  let over = false;
  child.once('exit', () => (over = true));
  child.once('error', (error) => {
    writeFileSync(logFile, `${plan.command}: ${error.message}\n`, { flag: 'a' });
    over = true;
  });
  child.unref();
  for (;;) {
    const ended = over;
    const identity = peekIdentity(pidFile);
    if (identity !== undefined || ended) return identity;
    await sleep(5);
  }
}

function spawnLauncher(plan: LaunchPlan, pidFile: string, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    return spawn('/bin/sh', ['-c', script, pidFile, plan.command, ...plan.args], {
      cwd: plan.cwd,
      env: { ...plan.env },
      detached: true,
      stdio: ['ignore', log, log],
      ...(plan.uid === undefined ? {} : { uid: plan.uid }),
      ...(plan.gid === undefined ? {} : { gid: plan.gid }),
    });
  } finally {
    closeSync(log);
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
