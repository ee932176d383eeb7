import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const peers = join(import.meta.dirname, 'peers');

/** The peer libraries; installs them on first use. */
export function requirePeer(name: string): never {
  if (!existsSync(join(peers, 'node_modules')))
    // Not `npm ci`: it refuses a lock file without the native helpers of other platforms, which not every registry has.
    spawnSync('npm', ['install', '--no-save', '--legacy-peer-deps', '--ignore-scripts', '--loglevel=error'], {
      cwd: peers,
      stdio: 'inherit',
    });
  return createRequire(join(peers, 'package.json'))(name) as never;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
}

/** A private Redis on loopback with `appendonly everysec`, ended on disposal. Rejects where `redis-server` is not installed. */
export async function startRedis(directory: string): Promise<RedisServer> {
  const port = await freePort();
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--appendonly',
      'yes',
      '--appendfsync',
      'everysec',
      '--save',
      '',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise<void>((resolve, reject) => {
    child.once('error', () =>
      reject(new Error("redis-server is not installed; install it (Debian: 'redis-server') to run this comparison")),
    );
    child.stdout.on('data', (text: Buffer) => text.includes('Ready to accept connections') && resolve());
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}
