import type { Clock, Timer } from '@millrace/core';
import type { InstanceReason } from '@millrace/deployer-contract';
import { isAlive, residentBytes } from '@millrace/processes';
import type { ProcessEnd, ProcessIdentity } from '@millrace/processes';
import { endGroup } from './end-group.ts';
import type { HealthPlan } from './health.ts';
import { probe } from './probe.ts';

/** How a process is watched. */
export interface LifeSetup {
  readonly id: string;
  readonly mark: string;
  readonly health: HealthPlan;
  /** Milliseconds since the epoch. */
  readonly launchedAt: number;
  /** Whether it was healthy before, under another watcher. */
  readonly wasUp: boolean;
  /** Whether this process is its parent, which is told how it ended. */
  readonly isChild: boolean;
  readonly startTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly memoryLimitBytes: number | undefined;
  /** Missing or bad answers in a row that make it unwell. */
  readonly probeFailures: number;
  readonly probeIntervalMs: number;
  readonly clock: Clock;
}

/** What a process's watcher tells. */
export interface LifeEvents {
  /** It was healthy for the first time. */
  onUp(): void;
  onChanged(): void;
  /** It is over, and nobody asked for it. Called once. */
  onEnd(end: LifeEnd): void;
  /** Called at every look. */
  upkeep(): Promise<void>;
  /** What went wrong in the background. */
  onProblem(error: unknown): void;
}

/** How a process ended. */
export interface LifeEnd extends ProcessEnd {
  readonly reason: InstanceReason;
}

const firstLookMs = 30;
const slowestFirstLooksMs = 500;
const lookMs = 1000;
const probeTimeoutMs = 2000;
/** Grace of a process that is ended because it did not come up, or holds too much memory. */
const shortGraceMs = 5000;
/** Looks at a child that is gone until its end counts as unseen; the system tells of it in nearly the same moment. */
const missingLooks = 100;
/** How long the launching shell may take, on a busy machine, to find that a program cannot be executed. */
const launchMs = 10_000;
/** What the launching shell ends with where a program cannot be executed. */
const launchFailures: ReadonlySet<number | null> = new Set([126, 127]);

/** Watches over one process from its launch to its end. */
export class Life {
  readonly identity: ProcessIdentity;
  readonly #setup: LifeSetup;
  readonly #events: LifeEvents;
  #isUp: boolean;
  #failures = 0;
  #problem = '';
  #timer: Timer | undefined;
  #delayMs = firstLookMs;
  #nextProbe = 0;
  #missing = 0;
  /** Why it is being ended, where it is. */
  #ending: InstanceReason | 'wanted' | undefined;
  #over = false;
  #isClosed = false;

  /** Nothing happens before the first `look`. */
  constructor(identity: ProcessIdentity, setup: LifeSetup, events: LifeEvents) {
    this.identity = identity;
    this.#setup = setup;
    this.#events = events;
    this.#isUp = setup.wasUp;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isAlive(): boolean {
    return !this.#over && isAlive(this.identity);
  }

  /** Whether it runs, was healthy, and shows now that it is not. */
  get isUnwell(): boolean {
    return this.#isUp && this.#failures >= this.#setup.probeFailures;
  }

  /** What the last answer showed, or the lack of one; empty if it was well. */
  get problem(): string {
    return this.#problem;
  }

  /** Told by whoever is the process's parent. */
  exited(end: ProcessEnd): void {
    if (this.#over) return;
    this.#rest();
    this.#over = true;
    if (this.#ending === 'wanted' || this.#isClosed) return;
    this.#events.onEnd({ ...end, reason: this.#ending ?? this.#reasonOf(end) });
  }

  /** Looks at the process now, and again and again until it ends or the watcher is closed. */
  async look(): Promise<void> {
    this.#rest();
    try {
      if (isAlive(this.identity)) await this.#lookAtLiving();
      else if (!this.#setup.isChild || ++this.#missing >= missingLooks) this.#vanished();
    } catch (error) {
      this.#events.onProblem(error);
    }
    if (!this.#isSettled) this.#lookLater();
  }

  /** Looks no more, and tells nothing; the process goes on. */
  close(): void {
    this.#isClosed = true;
    this.#rest();
  }

  /** Ends the process and all that it started, in order if there is time. Resolves when none of them lives. Throws `SURVIVES`. */
  async stop(): Promise<void> {
    this.#ending = 'wanted';
    this.#rest();
    await this.#endGroup(this.#isUp ? this.#setup.shutdownTimeoutMs : Math.min(this.#setup.shutdownTimeoutMs, shortGraceMs));
    this.#over = true;
  }

  async #lookAtLiving(): Promise<void> {
    await this.#events.upkeep();
    const { memoryLimitBytes } = this.#setup;
    if (memoryLimitBytes !== undefined && (residentBytes(this.identity) ?? 0) > memoryLimitBytes)
      return this.#end('MEMORY_EXCEEDED');
    if (this.#isUp) await this.#checkHealth();
    else await this.#checkStart();
  }

  async #checkStart(): Promise<void> {
    const { health, clock, launchedAt, startTimeoutMs } = this.#setup;
    const answer = health.startup === undefined ? { ok: true as const } : await probe(health.startup, probeTimeoutMs);
    // Who answers on the port is this process only while it lives.
    if (this.#isSettled || !isAlive(this.identity)) return;
    if (answer.ok) {
      this.#isUp = true;
      this.#tell('');
      this.#events.onUp();
      this.#events.onChanged();
    } else if (clock.now() - launchedAt > startTimeoutMs) {
      this.#tell(answer.problem);
      await this.#end('START_TIMEOUT');
    } else this.#tell(answer.problem);
  }

  async #checkHealth(): Promise<void> {
    const { health, clock, probeIntervalMs } = this.#setup;
    // Once in doubt, every look asks.
    if (health.health === undefined || (this.#failures === 0 && clock.monotonic() < this.#nextProbe)) return;
    const answer = await probe(health.health, probeTimeoutMs);
    if (this.#isSettled || !isAlive(this.identity)) return;
    this.#nextProbe = clock.monotonic() + probeIntervalMs;
    this.#failures = answer.ok ? 0 : this.#failures + 1;
    this.#tell(answer.ok ? '' : answer.problem);
    this.#events.onChanged();
  }

  /** Nothing that is found out now matters any more. */
  get #isSettled(): boolean {
    return this.#over || this.#isClosed || this.#ending !== undefined;
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tell(problem: string): void {
    this.#problem = problem;
  }

  #reasonOf({ code, signal }: ProcessEnd): InstanceReason {
    if (signal !== null) return 'KILLED';
    const { clock, launchedAt } = this.#setup;
    // Without a health endpoint it counts as up while the shell still tries.
    const isEarly = !this.#isUp || clock.now() - launchedAt < launchMs;
    return isEarly && launchFailures.has(code) ? 'LAUNCH_FAILED' : 'EXITED';
  }

  // Its end is told by the system, as any other.
  async #end(reason: InstanceReason): Promise<void> {
    this.#ending = reason;
    await this.#endGroup(Math.min(this.#setup.shutdownTimeoutMs, shortGraceMs));
    this.exited({ code: null, signal: null });
  }

  #vanished(): void {
    this.#ending ??= 'LOST';
    this.exited({ code: null, signal: null });
  }

  #endGroup(graceMs: number): Promise<void> {
    return endGroup(this.#setup.id, this.identity, this.#setup.mark, graceMs);
  }

  #lookLater(): void {
    const { clock } = this.#setup;
    this.#delayMs = this.#isUp ? lookMs : Math.min(this.#delayMs * 1.3, slowestFirstLooksMs);
    this.#timer = clock.after(this.#missing > 0 ? firstLookMs : this.#delayMs, () => void this.look());
  }
}
