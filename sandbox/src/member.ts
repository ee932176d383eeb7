import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@millrace/core';
import {
  clearLaunch,
  closeLaunch,
  isAlive,
  isGroupAlive,
  isPaused,
  launch,
  peekIdentity,
  readIdentity,
  signalGroup,
  signalLeader,
} from '@millrace/processes';
import type { ProcessIdentity } from '@millrace/processes';
import { raise } from './errors.ts';
import { lastLines, runProgram } from './programs.ts';
import type { MemberPlan } from './server-kind.ts';

/** `dead`: it ended without being asked to. `stopped`: it was asked to, or never started. */
export type MemberState = 'ready' | 'starting' | 'paused' | 'dead' | 'stopped';

/** How long to wait (milliseconds) and who is told. */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told every few seconds how long the wait has taken so far. */
  readonly onWaiting?: ((node: string, seconds: number) => void) | undefined;
}

/** The environment variable by which leftovers of a server are known to be the sandbox's. */
const markName = 'MILLRACE_SANDBOX_NODE';

const tellEveryMs = 5_000;
const pollMs = 50;
const killGraceMs = 10_000;
const shownLogLines = 15;

/** One process of a server, found again by any process from what its directory holds. */
export class Member {
  readonly plan: MemberPlan;
  /** For messages: server and process. */
  readonly title: string;
  readonly logFile: string;
  readonly #pidFile: string;
  readonly #mark: string;

  constructor(plan: MemberPlan, server: string) {
    this.plan = plan;
    this.title = `${server} ${plan.name}`;
    this.logFile = join(plan.directory, 'log');
    this.#pidFile = join(plan.directory, 'pid');
    this.#mark = plan.directory;
  }

  get pid(): number | undefined {
    const identity = peekIdentity(this.#pidFile);
    return identity !== undefined && isAlive(identity) ? identity.pid : undefined;
  }

  /** What the process wrote since its last start. */
  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  /** Whether the process lives, ready or not. */
  isRunning(): boolean {
    return this.pid !== undefined;
  }

  async state(): Promise<MemberState> {
    const identity = peekIdentity(this.#pidFile);
    if (identity === undefined) return 'stopped';
    if (!isAlive(identity)) return 'dead';
    if (isPaused(identity)) return 'paused';
    return (await this.plan.ready(this.log())) ? 'ready' : 'starting';
  }

  /** Starts the process where it does not run. What a crash left of its last life is ended first. */
  async start(): Promise<void> {
    const identity = await readIdentity(this.#pidFile);
    if (identity !== undefined && isAlive(identity)) return;
    if (identity !== undefined) await this.#killGroup(identity);
    clearLaunch(this.#pidFile);
    mkdirSync(this.plan.directory, { recursive: true });
    if (existsSync(this.logFile)) renameSync(this.logFile, `${this.logFile}.previous`);
    await this.#removeContainer();
    await launch({ ...this.plan, env: { ...this.plan.env, [markName]: this.#mark } }, this.#pidFile, {
      stdout: this.logFile,
      stderr: this.logFile,
    });
  }

  /** Waits until the process serves. Throws `ENDED_EARLY`, `NOT_READY` or `CANCELLED`, the first two with the end of its log. */
  async whenReady({ timeoutMs, signal, onWaiting }: WaitOptions): Promise<void> {
    const begin = performance.now();
    let told = 0;
    // Who answers on its port is the process only while it lives: another program may have taken the port before it could.
    for (;;) {
      const serves = await this.plan.ready(this.log());
      if (!this.isRunning()) throw raise('ENDED_EARLY', this.#report());
      if (serves) return;
      const waitedMs = performance.now() - begin;
      if (signal?.aborted) throw raise('CANCELLED', { node: this.title }, signal.reason);
      if (waitedMs > timeoutMs) throw raise('NOT_READY', { ...this.#report(), seconds: timeoutMs / 1000 });
      if (waitedMs - told > tellEveryMs) onWaiting?.(this.plan.name, Math.round((told = waitedMs) / 1000));
      await sleep(pollMs);
    }
  }

  /**
   * Asks for an orderly end and waits for it; kills what does not end in time. Nothing of the process runs afterwards. With `discard`
   * it ends as fast as it can, because nobody wants its data.
   */
  async stop(discard?: 'discard'): Promise<void> {
    if (!existsSync(this.plan.directory)) return; // it was never started
    closeLaunch(this.#pidFile);
    const identity = await readIdentity(this.#pidFile);
    if (identity !== undefined) {
      if (isPaused(identity)) await this.resume();
      const signal = discard ? this.plan.discardSignal : this.plan.stopSignal;
      if (signal === 'SIGKILL') signalGroup(identity, this.#entry(), signal);
      else signalLeader(identity, signal);
      if (!(await this.#ends(identity, this.plan.stopGraceMs))) await this.#killGroup(identity);
      await this.#removeContainer();
    }
    closeLaunch(this.#pidFile, 'over');
  }

  /** Ends the process at once, as a crash would (SIGKILL). Its data stays as it is. */
  async kill(): Promise<void> {
    const identity = this.#running();
    await this.#killGroup(identity);
    await this.#removeContainer();
  }

  /** Freezes the process (SIGSTOP): it lives, holds its connections and does nothing. */
  async pause(): Promise<void> {
    await this.#signal('SIGSTOP', 'pause');
    // The signal is only on its way; whoever asked wants a process that answers no more.
    while (this.plan.container === undefined && !isPaused(this.#running())) await sleep(5);
  }

  /** Lets a frozen process go on (SIGCONT). */
  async resume(): Promise<void> {
    await this.#signal('SIGCONT', 'unpause');
  }

  async #signal(signal: NodeJS.Signals, verb: string): Promise<void> {
    const identity = this.#running();
    const { container } = this.plan;
    if (container === undefined) signalGroup(identity, this.#entry(), signal);
    else await runProgram(container.engine, [verb, container.name]);
  }

  #running(): ProcessIdentity {
    const identity = peekIdentity(this.#pidFile);
    if (identity === undefined || !isAlive(identity)) throw raise('NODE_NOT_RUNNING', { node: this.title });
    return identity;
  }

  async #killGroup(identity: ProcessIdentity): Promise<void> {
    signalGroup(identity, this.#entry(), 'SIGKILL');
    if (!(await this.#ends(identity, killGraceMs))) throw raise('SURVIVES', { pid: identity.pid, node: this.title });
  }

  async #ends(identity: ProcessIdentity, graceMs: number): Promise<boolean> {
    const end = performance.now() + graceMs;
    while (isGroupAlive(identity, this.#entry())) {
      if (performance.now() > end) return false;
      await sleep(pollMs);
    }
    return true;
  }

  // The engine's command ended, but what it stood for is the engine's child, not ours.
  async #removeContainer(): Promise<void> {
    const { container } = this.plan;
    if (container === undefined) return;
    try {
      await runProgram(container.engine, ['rm', '--force', container.name]);
    } catch (error) {
      if (!/no such container|no container with name/i.test(messageOf(error))) throw error;
    }
  }

  #entry(): string {
    return `${markName}=${this.#mark}`;
  }

  #report(): { node: string; log: string; tail: string } {
    return { node: this.title, log: this.logFile, tail: lastLines(this.log(), shownLogLines) };
  }
}
