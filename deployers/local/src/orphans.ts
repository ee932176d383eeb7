import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, processesWith, signalLeader } from '@millrace/processes';
import type { MarkedProcess } from '@millrace/processes';
import { raise } from './errors.ts';
import { marks } from './launch/environment.ts';

const graceMs = 10_000;
const pollMs = 25;

/** Processes that bear this deployer's mark, whatever is known of them otherwise. Found on Linux only. */
export class Orphans {
  readonly #mark: string;
  #seen: ReadonlySet<string>;

  constructor(mark: string) {
    this.#mark = mark;
    this.#seen = this.ids();
  }

  /** Looks for the ids of all deployments of which processes live. */
  ids(): ReadonlySet<string> {
    this.#seen = new Set(this.#processes().map((each) => idOf(each)));
    return this.#seen;
  }

  /** Whether the last look found processes of this deployment. */
  wasSeen(id: string): boolean {
    return this.#seen.has(id);
  }

  /** Ends all processes of a deployment: asks them, waits, kills. Throws `SURVIVES`. */
  async end(id: string): Promise<void> {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const found = this.#processes().filter((each) => idOf(each) === id);
      for (const each of found) signalLeader(each, signal);
      const end = performance.now() + graceMs;
      while (found.some((each) => isAlive(each)) && performance.now() < end) await sleep(pollMs);
    }
    const left = this.#processes().find((each) => idOf(each) === id);
    if (left !== undefined) throw raise('SURVIVES', { pid: left.pid, id });
  }

  #processes(): readonly MarkedProcess[] {
    return processesWith(`${marks.deployer}=${this.#mark}`, [marks.deployment]);
  }
}

function idOf({ environment }: MarkedProcess): string {
  return environment[marks.deployment] ?? '';
}
