import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { raise } from './errors.ts';
import { runProgram } from './programs.ts';
import type { Installation } from './server-kind.ts';

/** Whom a server that refuses to be root runs as: nobody special unless this process is root, then the first of `names` that exists. */
export async function userInsteadOfRoot(names: readonly string[]): Promise<Installation['user']> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of names) {
    const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
    if (uid !== undefined && gid !== undefined) return { name, uid, gid };
  }
  return undefined;
}

async function idOf(kind: '-u' | '-g', name: string): Promise<number | undefined> {
  try {
    return Number((await runProgram('id', [kind, name])).trim());
  } catch {
    return undefined; // there is no such user
  }
}

/** Makes sure that the server's user can pass through every directory above its own. Throws `DIRECTORY_UNREACHABLE`. */
export function checkReachable(server: string, directory: string, user: Installation['user']): void {
  if (user === undefined) return;
  const { status } = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', dirname(directory)], {
    uid: user.uid,
    gid: user.gid,
    cwd: '/',
  });
  if (status !== 0) throw raise('DIRECTORY_UNREACHABLE', { server, user: user.name, directory: dirname(directory) });
}
