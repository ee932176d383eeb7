import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where something that was built of these sources is kept. Other sources have another place. */
export function cachedFolder(name: string, sources: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const source of sources) hash.update(source).update('\0');
  const cache = process.env['MILLRACE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace');
  return join(cache, 'interop', `${name}-${hash.digest('hex').slice(0, 16)}`);
}

/** Moves what was made into its place; where somebody else was quicker, theirs stays. */
export function keep(made: string, folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  if (existsSync(folder)) rmSync(made, { recursive: true });
  else renameSync(made, folder);
}
