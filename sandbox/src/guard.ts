import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { extname } from 'node:path';
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
 * however this process ends, and then ends the servers. Start it before the servers.
 */
export async function guardSandbox(directory: string, mode: GuardMode, servers: readonly string[] = []): Promise<Guard> {
  const entry = fileURLToPath(new URL(`./guard-process${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, entry, directory, mode, ...servers], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  child.unref();
  const pipe = child.stdin as Socket;
  // A guard that was ended before us has nothing to be told.
  pipe.once('error', () => {});
  pipe.unref();
  return { release: () => void pipe.end('released') };
}
