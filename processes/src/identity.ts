import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process beyond doubt: its number may be given to another one later, its number with its start never. */
export interface ProcessIdentity {
  readonly pid: number;
  /** On Linux the boot and the clock ticks since then, elsewhere the time of the start. */
  readonly start: string;
}

interface ProcessFacts {
  readonly start: string;
  readonly group: number;
  /** The letter by which the system tells the process's state. */
  readonly state: string;
  readonly threads: number;
}

const hasProc = existsSync('/proc/self/stat');
/** What `statm` counts in. */
const pageBytes = 4096;

/**
 * Reads what the launcher wrote: the process number, the boot's id, and the line by which the system describes the process.
 * `undefined` where the file does not hold all of it.
 */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [pid, boot, line, end] = text.split('\n');
  if (!/^\d+$/.test(pid ?? '') || boot === undefined || !line || end === undefined) return undefined;
  return { pid: Number(pid), start: boot === '-' ? line.trim() : `${boot} ${parseStat(line).start}` };
}

/** Whether this very process lives. One that ended but was not waited for by its parent does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return factsOf(identity) !== undefined;
}

/** Whether this very process is stopped (SIGSTOP). */
export function isPaused(identity: ProcessIdentity): boolean {
  return factsOf(identity)?.state.startsWith('T') ?? false;
}

function factsOf({ pid, start }: ProcessIdentity): ProcessFacts | undefined {
  const facts = hasProc ? readProc(pid) : askPs(pid);
  return facts === undefined || facts.start !== start || hasEnded(facts) ? undefined : facts;
}

// A process is shown as a zombie as soon as its first thread ended; while others are still ending it holds its files and ports.
function hasEnded({ state, threads }: ProcessFacts): boolean {
  return /^[ZX]/.test(state) && threads <= 1;
}

function readProc(pid: number): ProcessFacts | undefined {
  try {
    const facts = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return { ...facts, start: `${bootId()} ${facts.start}` };
  } catch {
    return undefined; // there is no such process
  }
}

// The command's name stands in parentheses and may hold anything, parentheses too.
function parseStat(line: string): ProcessFacts {
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  return { state: fields[0]!, group: Number(fields[2]), threads: Number(fields[17]), start: fields[19]! };
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function askPs(pid: number): ProcessFacts | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'state=,pgid=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [, state, group, start] = /^\s*(\S+)\s+(\d+)\s+(.*\S)\s*$/.exec(stdout ?? '') ?? [];
  return status === 0 && start !== undefined ? { state: state!, group: Number(group), threads: 1, start } : undefined;
}

/** Who has a process number at this moment; `undefined` where nobody has. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const facts = hasProc ? readProc(pid) : askPs(pid);
  return facts === undefined || hasEnded(facts) ? undefined : { pid, start: facts.start };
}

/** Bytes of memory that a process holds at this moment; `undefined` where the system does not tell. */
export function residentBytes({ pid }: ProcessIdentity): number | undefined {
  if (!hasProc) return undefined;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return pages * pageBytes;
  } catch {
    return undefined; // it ended
  }
}

/** A process with the value of the variable by which it was looked for. */
export interface MarkedProcess extends ProcessIdentity {
  readonly environment: Readonly<Record<string, string>>;
}

/** All processes of this user that have `entry` (`NAME=value`) in their environment, with the variables asked for. Linux only; elsewhere none. */
export function processesWith(entry: string, variables: readonly string[] = []): readonly MarkedProcess[] {
  return numbersOfAll().flatMap((pid) => {
    const environment = environmentOf(pid);
    const identity = environment.includes(entry) ? identityOf(pid) : undefined;
    return identity === undefined ? [] : [{ ...identity, environment: pick(environment, variables) }];
  });
}

function pick(environment: readonly string[], variables: readonly string[]): Record<string, string> {
  const found = variables.map((name) => [name, environment.find((each) => each.startsWith(`${name}=`))] as const);
  return Object.fromEntries(found.flatMap(([name, each]) => (each === undefined ? [] : [[name, each.slice(name.length + 1)]])));
}

/**
 * Signals a process's whole group while its leader lives, and what is left of the group when only the leader is gone. Such leftovers
 * are recognised by the mark, an entry of their environment. False where nothing was there to signal.
 */
export function signalGroup(identity: ProcessIdentity, mark: string, signal: NodeJS.Signals): boolean {
  if (isAlive(identity)) return send(-identity.pid, signal);
  const left = leftovers(identity, mark);
  for (const pid of left) send(pid, signal);
  return left.length > 0;
}

/** Signals the leader alone: what asks it to end in order. */
export function signalLeader(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && send(identity.pid, signal);
}

/** Whether the process or anything that it left in its group lives. */
export function isGroupAlive(identity: ProcessIdentity, mark: string): boolean {
  return isAlive(identity) || (isGroup(identity.pid) && leftovers(identity, mark).length > 0);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

// Cheap, and nearly always the answer; the number may have been given to a stranger meanwhile, which the mark decides.
function isGroup(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

// Only Linux shows groups and environments of others cheaply; elsewhere a group ends with its leader or is left alone.
function leftovers({ pid }: ProcessIdentity, mark: string): readonly number[] {
  return numbersOfAll().filter((other) => {
    const facts = readProc(other);
    return facts?.group === pid && !hasEnded(facts) && environmentOf(other).includes(mark);
  });
}

function numbersOfAll(): readonly number[] {
  if (!hasProc) return [];
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(join('/proc', String(pid), 'environ'), 'utf8').split('\0');
  } catch {
    return []; // gone, or another user's: not ours
  }
}
