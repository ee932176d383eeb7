import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where downloads are kept for the next time: `MILLRACE_CACHE`, else the platform's cache directory of this user. */
export function cacheDirectory(env: Environment = process.env): string {
  if (env['MILLRACE_CACHE']) return env['MILLRACE_CACHE'];
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'millrace');
  return process.platform === 'darwin' ? join(homedir(), 'Library/Caches/millrace') : join(homedir(), '.cache/millrace');
}
