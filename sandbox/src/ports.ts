import { join } from 'node:path';
import { choosePort as chooseIn, PortClaims } from '@millrace/processes';
import { cacheDirectory } from './directories.ts';
import { raise } from './errors.ts';
import { recordIn } from './records.ts';
import type { ServerRecord } from './server-kind.ts';

const range = { from: 10_000, to: 60_000 };

/**
 * Chooses a port that is free and stays so: outside the range from which the system serves outgoing connections and "any port", and
 * claimed for the server in `owner`, so that no other sandbox of this user takes it while the server is down.
 * Throws `NO_FREE_PORT`.
 */
export async function choosePort(owner: string, env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const port = await chooseIn(claimsOf(env), range, owner);
  if (port === undefined) throw raise('NO_FREE_PORT', range);
  return port;
}

/** Gives the ports of a server that was removed to others. */
export function releasePorts(record: ServerRecord, env: NodeJS.ProcessEnv = process.env): void {
  const claims = claimsOf(env);
  for (const { ports } of record.members) for (const port of Object.values(ports)) claims.release(port, record.directory);
}

function claimsOf(env: NodeJS.ProcessEnv): PortClaims {
  return new PortClaims(join(cacheDirectory(env), 'ports'), isHeld);
}

function isHeld(port: number, owner: string): boolean {
  try {
    return recordIn(owner)?.members.some(({ ports }) => Object.values(ports).includes(port)) ?? false;
  } catch {
    return false; // a record that no longer reads: nothing holds the port
  }
}
