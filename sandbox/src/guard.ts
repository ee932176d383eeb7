import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is done when the guarded process is gone: end the servers, and with `purge` remove their directory. */
export type GuardMode = 'stop' | 'purge';

/** Watches over a sandbox while this process lives. */
export interface Guard {
  /** Says that the servers were ended in order: nothing is left to do. */
  release(): void;
}

/**
 * Ties servers of a sandbox (all without names) to this process: a small process of its own holds the other end of a pipe, which the system closes
 * however this process ends, and then ends the servers. Start it before the servers. What goes wrong with that is in `guard.log`.
 */
export async function guardSandbox(directory: string, mode: GuardMode, servers: readonly string[] = []): Promise<Guard> {
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const child = spawnGuard(directory, [mode, ...servers]);
  await once(child, 'spawn');
  child.unref();
  const pipe = child.stdin as Socket;
  // A guard that was ended before us has nothing to be told.
  pipe.once('error', () => {});
  pipe.unref();
  return { release: () => void pipe.end('released') };
}

function spawnGuard(directory: string, args: readonly string[]): ChildProcess {
  const extension = extname(import.meta.url);
  const entry = fileURLToPath(new URL(`./guard-process${extension}`, import.meta.url));
  // Not the flags of this process: among them may be a script of its own.
  const flags = extension === '.ts' ? ['--conditions=development'] : [];
  const log = openSync(join(directory, 'guard.log'), 'a', 0o600);
  try {
    return spawn(process.execPath, [...flags, entry, directory, ...args], {
      cwd: '/',
      env: { ...process.env, NODE_OPTIONS: '' },
      detached: true,
      stdio: ['pipe', log, log],
    });
  } finally {
    closeSync(log);
  }
}
