import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { cacheDirectory } from './directories.ts';
import { raise } from './errors.ts';
import { recordIn } from './records.ts';
import type { ServerRecord } from './server-kind.ts';

const lowest = 10_000;
const highest = 32_000;
const attempts = 200;
// A claim counts before its owner's record is written, but not for ever.
const freshMs = 300_000;

/** Whether nobody listens on a port of the loopback interface. */
export async function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Chooses a port that is free and stays so: outside the range from which the system serves outgoing connections and "any port", and
 * claimed for the server in `owner`, so that no other sandbox of this user takes it while the server is down.
 * Throws `NO_FREE_PORT`.
 */
export async function choosePort(owner: string, env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const { from, to } = range();
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(from, to);
    if ((await isPortFree(port)) && claimPort(port, owner, env)) return port;
  }
  throw raise('NO_FREE_PORT', { from, to });
}

function range(): { from: number; to: number } {
  const [ephemeral] = readRange();
  const below = Math.min(highest, ephemeral);
  return below - lowest >= 1000 ? { from: lowest, to: below } : { from: lowest, to: 60_000 };
}

function readRange(): readonly [number, number] {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    return text.trim().split(/\s+/).map(Number) as [number, number];
  } catch {
    return [49_152, 65_535]; // what macOS uses
  }
}

/** Takes a port for an owner, unless it belongs to another server that still exists. */
export function claimPort(port: number, owner: string, env: NodeJS.ProcessEnv): boolean {
  const folder = join(cacheDirectory(env), 'ports');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, String(port));
  try {
    writeFileSync(file, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // An outdated claim only makes room for the next search, so that two searches never both believe they took it over.
    if (!isClaimed(port, file)) rmSync(file, { force: true });
    return false;
  }
}

function isClaimed(port: number, file: string): boolean {
  try {
    if (Date.now() - statSync(file).mtimeMs < freshMs) return true;
    const record = recordIn(readFileSync(file, 'utf8'));
    return record?.members.some(({ ports }) => Object.values(ports).includes(port)) ?? false;
  } catch {
    return false; // gone meanwhile, or a record that no longer reads: nothing holds the port
  }
}

/** Gives the ports of a server that was removed to others. */
export function releasePorts(record: ServerRecord, env: NodeJS.ProcessEnv = process.env): void {
  for (const port of record.members.flatMap(({ ports }) => Object.values(ports))) {
    const file = join(cacheDirectory(env), 'ports', String(port));
    if (existsSync(file) && readFileSync(file, 'utf8') === record.directory) rmSync(file, { force: true });
  }
}
