import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfig } from './config.ts';
import type { GlobalOptions } from './context.ts';

/** Whether there is anything that an earlier command may have left: always so on a binder that is not ours alone. */
export async function hasData(globals: GlobalOptions): Promise<boolean> {
  const config = await loadConfig(globals.config, process.env);
  const isEmbedded = (globals.binder ?? config.binder ?? 'embedded') === 'embedded';
  return !isEmbedded || existsSync(resolve(globals.dataDir ?? config.dataDir ?? '.millrace'));
}
