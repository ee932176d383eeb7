import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstanceEnd, InstanceStatus } from '@millrace/deployer-contract';
import { clearLaunch, closeLaunch, isAlive, launch, peekIdentity, readIdentity } from '@millrace/processes';
import type { LaunchPlan, ProcessEnd, ProcessIdentity } from '@millrace/processes';
import { endGroup } from './end-group.ts';
import { endMessage } from './end-message.ts';
import type { HealthPlan } from './health.ts';
import { Life } from './life.ts';
import type { LifeEnd, LifeSetup } from './life.ts';
import { lastLinesOf } from './log/last-lines.ts';
import { LogFile } from './log/log-file.ts';
import type { LogLimits } from './log/log-file.ts';
import type { InstanceRecord, LaunchRecord } from './records.ts';

/** What an instance shares with the others of its deployment, and with it. */
export interface InstanceSetup extends Omit<LifeSetup, 'health' | 'launchedAt' | 'wasUp' | 'isChild'> {
  readonly workingDirectory: string;
  /** Where its processes write down who they are. */
  readonly launches: string;
  readonly hostname: string;
  readonly logs: LogLimits | 'inherit';
  readonly healthOf: (port: number) => HealthPlan;
  /** Keeps what has become of it. Throws as the file system does. */
  readonly save: () => void;
  readonly onChanged: () => void;
  /** Told of what went wrong in the background. */
  readonly onProblem: (error: unknown) => void;
}

const settleMs = 10;

/** One instance of a deployment: its process, and those that it had before. */
export class Instance {
  readonly stdout: LogFile;
  readonly stderr: LogFile;
  readonly #setup: InstanceSetup;
  #record: InstanceRecord;
  #life: Life | undefined;
  #isLaunching = false;
  /** Ends what processes left of their groups. */
  #clearing: Promise<void> = Promise.resolve();

  constructor(record: InstanceRecord, setup: InstanceSetup) {
    this.#record = record;
    this.#setup = setup;
    const limits = setup.logs === 'inherit' ? { maxBytes: Infinity, maxFiles: 0 } : setup.logs;
    this.stdout = new LogFile(join(setup.workingDirectory, `stdout_${record.index}.log`), limits);
    this.stderr = new LogFile(join(setup.workingDirectory, `stderr_${record.index}.log`), limits);
  }

  get id(): string {
    return this.#setup.id;
  }

  get index(): number {
    return this.#record.index;
  }

  get port(): number {
    return this.#record.port;
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  status(): InstanceStatus {
    const { index, restarts, launch: launched, lastEnd } = this.#record;
    const common = { id: this.id, index, attributes: this.#attributes(), restarts, ...(lastEnd && { lastEnd }) };
    if (launched?.ended === true && lastEnd !== undefined)
      return { ...common, state: 'failed', reason: lastEnd.reason, message: endMessage(lastEnd, this.#setup) };
    const life = this.#life;
    if (life === undefined && !this.#isLaunching)
      return { ...common, state: 'undeployed', reason: 'NOT_STARTED', message: 'it has not been started yet; deploy again' };
    if (life?.isUp !== true) return { ...common, state: 'deploying', ...(life?.problem && { message: life.problem }) };
    if (!life.isUnwell) return { ...common, state: 'deployed' };
    return { ...common, state: 'failed', reason: 'UNHEALTHY', message: life.problem };
  }

  /** Takes over what an earlier server started, or notices that it is gone. Resolves after a first look at it. */
  async adopt(): Promise<void> {
    const { launch: launched } = this.#record;
    const identity = launched && peekIdentity(this.#pidFile(launched));
    if (launched === undefined || identity === undefined) return;
    if (launched.ended) this.#clear(identity);
    else await this.#takeOver(launched, identity);
  }

  /** Whether it has to be started, because its process is gone or never was. */
  async needsStart(): Promise<boolean> {
    const { launch: launched } = this.#record;
    if (launched !== undefined && !launched.ended && this.#life === undefined) {
      // Whoever launched it may have been cut off. From here on that launch either has happened or never will.
      closeLaunch(this.#pidFile(launched));
      const identity = await readIdentity(this.#pidFile(launched));
      if (identity !== undefined) await this.#takeOver(launched, identity);
    }
    if (this.#life !== undefined && !this.#life.isAlive) await this.#settle();
    return this.#life === undefined;
  }

  /** Starts it. Only where {@link needsStart} said so. */
  async start(port: number, plan: LaunchPlan): Promise<void> {
    const { clock, logs } = this.#setup;
    const launched: LaunchRecord = { id: randomUUID(), at: clock.now() };
    const before = this.#record.launch?.ended === true ? this.#record.launch : undefined;
    const restarts = this.#record.restarts + (before === undefined ? 0 : 1);
    await this.#clearing;
    this.#record = { ...this.#record, port, restarts, launch: launched };
    this.#setup.save();
    this.#isLaunching = true;
    if (before !== undefined) clearLaunch(this.#pidFile(before));
    this.#setup.onChanged();
    const output = logs === 'inherit' ? logs : { stdout: this.stdout.path, stderr: this.stderr.path };
    let early: ProcessEnd | undefined;
    const onEnd = (end: ProcessEnd): void => {
      if (this.#life === undefined) early = end;
      else this.#life.exited(end);
    };
    const identity = await launch(plan, this.#pidFile(launched), output, onEnd).finally(() => (this.#isLaunching = false));
    if (identity === undefined) return this.#ended(launched, { code: null, signal: null, ...early, reason: 'LAUNCH_FAILED' });
    this.#life = this.#newLife(launched, identity, 'child');
    if (early === undefined) void this.#life.look();
    else this.#life.exited(early);
  }

  /** Ends it and all that it started. Resolves when none of it lives. Throws `SURVIVES`. */
  async stop(): Promise<void> {
    await this.needsStart();
    await this.#life?.stop();
    this.#life = undefined;
    await this.#clearing;
  }

  /** Watches it no more; it goes on. */
  close(): void {
    this.#life?.close();
  }

  async #takeOver(launched: LaunchRecord, identity: ProcessIdentity): Promise<void> {
    if (!isAlive(identity)) {
      this.#clear(identity);
      return this.#ended(launched, { code: null, signal: null, reason: 'LOST' });
    }
    this.#life = this.#newLife(launched, identity);
    await this.#life.look();
  }

  // Its process is gone, which the system has not told yet or tells nobody.
  async #settle(): Promise<void> {
    while (this.#life !== undefined) {
      await this.#life.look();
      await sleep(settleMs);
    }
  }

  #newLife(launched: LaunchRecord, identity: ProcessIdentity, relation?: 'child'): Life {
    const { healthOf, onChanged, onProblem, logs } = this.#setup;
    const setup = {
      ...this.#setup,
      health: healthOf(this.port),
      launchedAt: launched.at,
      wasUp: launched.up === true,
      isChild: relation === 'child',
    };
    const events = {
      onUp: () => this.#note({ ...this.#record, launch: { ...launched, up: true } }),
      onEnd: (end: LifeEnd) => this.#ended(launched, end),
      upkeep: async () => {
        if (logs !== 'inherit') await Promise.all([this.stdout.limit(), this.stderr.limit()]);
      },
      onChanged,
      onProblem,
    };
    return new Life(identity, setup, events);
  }

  #ended(launched: LaunchRecord, end: LifeEnd): void {
    const life = this.#life;
    this.#life = undefined;
    if (life !== undefined) this.#clear(life.identity);
    const lastEnd: InstanceEnd = {
      at: this.#setup.clock.now(),
      reason: end.reason,
      ...(end.code === null ? {} : { exitCode: end.code }),
      ...(end.signal === null ? {} : { signal: end.signal }),
      lastLines: this.#setup.logs === 'inherit' ? [] : lastLinesOf(this.stdout, this.stderr),
    };
    this.#note({ ...this.#record, launch: { ...launched, ended: true }, lastEnd });
    this.#setup.onChanged();
  }

  // What a process leaves of its group would hold its port and its files.
  #clear(identity: ProcessIdentity): void {
    const { id, mark, onProblem } = this.#setup;
    this.#clearing = endGroup(id, identity, mark, 0).catch(onProblem);
  }

  // What happens is a fact, whether it can be kept or not.
  #note(record: InstanceRecord): void {
    this.#record = record;
    try {
      this.#setup.save();
    } catch (error) {
      this.#setup.onProblem(error);
    }
  }

  #attributes(): Record<string, string> {
    const { hostname, workingDirectory, logs } = this.#setup;
    const { port } = this.#record;
    const pid = this.#life?.identity.pid;
    return {
      guid: this.id,
      ...(port > 0 ? { port: String(port), url: `http://${hostname}:${port}` } : {}),
      ...(pid === undefined ? {} : { pid: String(pid) }),
      'working.dir': workingDirectory,
      ...(logs === 'inherit' ? {} : { stdout: this.stdout.path, stderr: this.stderr.path }),
    };
  }

  #pidFile(launched: LaunchRecord): string {
    return join(this.#setup.launches, launched.id);
  }
}
