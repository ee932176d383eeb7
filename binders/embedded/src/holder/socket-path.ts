import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, realpathSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { makeDirectory } from '@millrace/core/files';
import { raise } from '../errors.ts';

/** The shortest limit of the operating systems, for the path of a socket in bytes. */
const pathLimit = 100;

/** Where the broker of this directory listens: in a folder of its owner alone, or, where that path is too long, in the temporary one. */
export function socketPath(dataDir: string): string {
  const real = existsSync(dataDir) ? realpathSync(dataDir) : dataDir;
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\millrace-${hash}`;
  const inside = join(real, 'run', 'broker.sock');
  return Buffer.byteLength(inside) <= pathLimit ? inside : join(tmpdir(), `millrace-${userInfo().uid}`, `${hash}.sock`);
}

/** Creates the socket's folder for its owner alone; refuses one that others can get at. */
export function prepareSocketFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = dirname(path);
  makeDirectory(folder, 0o700);
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== userInfo().uid) throw raise('SOCKET_FOLDER_FOREIGN', { folder });
  if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}
