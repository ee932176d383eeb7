import { setTimeout as sleep } from 'node:timers/promises';
import { isGroupAlive, isPaused, signalGroup } from '@millrace/processes';
import type { ProcessIdentity } from '@millrace/processes';
import { raise } from './errors.ts';

const killGraceMs = 10_000;
const firstPollMs = 10;
const slowestPollMs = 100;

/**
 * Ends a process and all that it started: asks them, waits, and kills what is left. Resolves when none of them lives. Throws `SURVIVES`.
 */
export async function endGroup(id: string, identity: ProcessIdentity, mark: string, graceMs: number): Promise<void> {
  if (!isGroupAlive(identity, mark)) return;
  if (graceMs > 0) {
    signalGroup(identity, mark, 'SIGTERM');
    // A frozen process would never hear of it.
    if (isPaused(identity)) signalGroup(identity, mark, 'SIGCONT');
    if (await ends(identity, mark, graceMs)) return;
  }
  signalGroup(identity, mark, 'SIGKILL');
  if (!(await ends(identity, mark, killGraceMs))) throw raise('SURVIVES', { pid: identity.pid, id });
}

async function ends(identity: ProcessIdentity, mark: string, graceMs: number): Promise<boolean> {
  const end = performance.now() + graceMs;
  for (let pollMs = firstPollMs; isGroupAlive(identity, mark); pollMs = Math.min(pollMs * 1.5, slowestPollMs)) {
    if (performance.now() > end) return false;
    await sleep(pollMs);
  }
  return true;
}
