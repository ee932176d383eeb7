import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Ports from `from` up to, but without, `to`. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

const attempts = 200;
const enough = 1000;
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

/** Ports that are kept for owners of this user while nobody listens on them: a directory with a file per port. */
export class PortClaims {
  readonly #folder: string;
  readonly #isHeld: (port: number, owner: string) => boolean;

  /** `isHeld` says whether an owner of an older claim still needs it. */
  constructor(folder: string, isHeld: (port: number, owner: string) => boolean) {
    this.#folder = folder;
    this.#isHeld = isHeld;
  }

  /** Takes a port for an owner, unless it belongs to another one. */
  claim(port: number, owner: string): boolean {
    mkdirSync(this.#folder, { recursive: true });
    const file = this.#file(port);
    try {
      writeFileSync(file, owner, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // An outdated claim only makes room for the next search, so that two searches never both believe they took it over.
      if (!this.#isClaimed(port)) rmSync(file, { force: true });
      return false;
    }
  }

  /** Gives a port to others, if it is the owner's. */
  release(port: number, owner: string): void {
    if (this.#ownerOf(port) === owner) rmSync(this.#file(port), { force: true });
  }

  #isClaimed(port: number): boolean {
    const owner = this.#ownerOf(port);
    if (owner === undefined) return false;
    const age = Date.now() - (statSync(this.#file(port), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    return age < freshMs || this.#isHeld(port, owner);
  }

  #ownerOf(port: number): string | undefined {
    try {
      return readFileSync(this.#file(port), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #file(port: number): string {
    return join(this.#folder, String(port));
  }
}

/**
 * Chooses a port of a range that is free and stays so for its owner: claimed, and where the range leaves room below those from which
 * the system serves outgoing connections and "any port". `undefined` where none was found.
 */
export async function choosePort(claims: PortClaims, range: PortRange, owner: string): Promise<number | undefined> {
  const { from, to } = preferred(range);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(from, to);
    if ((await isPortFree(port)) && claims.claim(port, owner)) return port;
  }
  return undefined;
}

function preferred({ from, to }: PortRange): PortRange {
  const below = Math.min(to, firstEphemeral());
  return below - from >= enough ? { from, to: below } : { from, to };
}

function firstEphemeral(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
  } catch {
    return 49_152; // what macOS uses
  }
}
