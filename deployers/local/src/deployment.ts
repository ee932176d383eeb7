import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@millrace/core';
import { appState, withSecrets } from '@millrace/deployer-contract';
import type { DeploymentRequest, DeploymentStatus, LogLine, SecretResolver } from '@millrace/deployer-contract';
import { choosePort, isPortFree } from '@millrace/processes';
import type { LaunchPlan, PortClaims } from '@millrace/processes';
import { raise } from './errors.ts';
import { healthPlan } from './health.ts';
import { Instance } from './instance.ts';
import { commandOf } from './launch/command.ts';
import type { CommandContext } from './launch/command.ts';
import { environmentOf, guidOf, marks } from './launch/environment.ts';
import type { EnvironmentSources } from './launch/environment.ts';
import type { LogSource } from './log/read-log.ts';
import type { DeploymentRecord, InstanceRecord, Records } from './records.ts';
import type { Settings } from './settings.ts';

/** What all deployments of a deployer share. */
export interface DeploymentContext {
  /** The deployer's own. */
  readonly directory: string;
  readonly records: Records;
  readonly claims: PortClaims;
  readonly command: CommandContext;
  readonly environment: EnvironmentSources;
  readonly secrets: SecretResolver | undefined;
  readonly clock: Clock;
  readonly onProblem: (error: unknown) => void;
}

const millisecondsPerSecond = 1000;
const longestReadMs = 1000;
const readPollMs = 20;

/** A deployment with its instances. Its operations must not run side by side. */
export class Deployment {
  readonly #context: DeploymentContext;
  readonly #settings: Settings;
  readonly #onChanged: () => void;
  readonly #instances = new Map<number, Instance>();
  #record: DeploymentRecord;
  #readers = 0;
  #isOver = false;

  constructor(record: DeploymentRecord, settings: Settings, context: DeploymentContext, onChanged: () => void) {
    this.#record = record;
    this.#settings = settings;
    this.#context = context;
    this.#onChanged = onChanged;
    for (const each of record.instances) this.#instances.set(each.index, this.#newInstance(each));
  }

  get id(): string {
    return this.#record.id;
  }

  get digest(): string {
    return this.#record.digest;
  }

  /** Whether its end has begun. */
  get isEnding(): boolean {
    return this.#record.ending === true;
  }

  /** Whether its output goes to the server's own. */
  get inheritsLogging(): boolean {
    return this.#settings.inheritLogging;
  }

  status(): DeploymentStatus {
    const { id, wanted } = this.#record;
    const instances = this.#wanted().map((instance) => instance.status());
    const states = instances.map(({ state }) => state);
    return { id, state: appState(states, wanted), wanted, instances };
  }

  /** The logs of all instances; `undefined` when nothing more will be written. */
  logs(): readonly LogSource[] | undefined {
    if (this.#isOver) return undefined;
    return this.#wanted().flatMap(({ id, stdout, stderr }) => [
      { instance: id, stream: 'stderr' as const, file: stderr },
      { instance: id, stream: 'stdout' as const, file: stdout },
    ]);
  }

  /** Keeps the logs while `read` goes on, for a little while also when the deployment is over. */
  async *reading(read: AsyncIterable<LogLine>): AsyncGenerator<LogLine, void, undefined> {
    this.#readers++;
    try {
      yield* read;
    } finally {
      this.#readers--;
    }
  }

  /** Finds what an earlier server started. */
  async adopt(): Promise<void> {
    await Promise.all(this.#wanted().map((instance) => instance.adopt()));
  }

  /**
   * Makes it have `count` instances that run: starts those that do not, ends the ones with the highest numbers where there are too
   * many, and leaves the others alone. Where it throws, nothing new runs.
   */
  async run(count: number): Promise<void> {
    const indexes = Array.from({ length: count }, (_, index) => index);
    const started: number[] = [];
    for (const index of indexes) if ((await this.#instances.get(index)?.needsStart()) !== false) started.push(index);
    const request =
      started.length === 0 ? this.#record.request : await withSecrets(this.id, this.#record.request, this.#context.secrets);
    const ports = await this.#portsFor(started);
    const plans = started.map((index) => this.#planOf(request, index, ports.get(index)!));
    mkdirSync(this.#record.workingDirectory, { recursive: true, mode: 0o700 });
    for (const index of started)
      if (!this.#instances.has(index))
        this.#instances.set(index, this.#newInstance({ index, port: ports.get(index)!, restarts: 0 }));
    this.#record = { ...this.#record, wanted: count };
    this.#write();
    this.#onChanged();
    await this.#endSurplus();
    await this.#start(started.map((index, at) => [this.#instances.get(index)!, plans[at]!, ports.get(index)!]));
  }

  async #start(launches: readonly (readonly [Instance, LaunchPlan, number])[]): Promise<void> {
    try {
      await settled(launches.map(([instance, plan, port]) => instance.start(port, plan)));
    } catch (error) {
      await settled(launches.map(([instance]) => instance.stop()));
      throw error;
    }
  }

  /** Ends it and forgets it. Resolves when nothing of it runs any more; where it throws, it may be called again. */
  async end(): Promise<void> {
    this.#record = { ...this.#record, ending: true };
    // Where that cannot be kept it ends nevertheless, and is not taken up again after a crash.
    this.#noting(() => this.#write());
    await settled([...this.#instances.values()].map((instance) => instance.stop()));
    for (const { port } of this.#instances.values()) this.#release(port);
    this.#isOver = true;
    await this.#whenRead();
    if (this.#settings.deleteFilesOnExit) this.#deleteFiles();
    this.#context.records.remove(this.id);
  }

  /** Watches it no more. */
  close(): void {
    for (const instance of this.#instances.values()) instance.close();
  }

  // Who follows a log is to see its last lines, too.
  async #whenRead(): Promise<void> {
    const end = performance.now() + longestReadMs;
    while (this.#readers > 0 && performance.now() < end) await sleep(readPollMs);
  }

  #wanted(): readonly Instance[] {
    return [...this.#instances.values()].filter(({ index }) => index < this.#record.wanted).sort((a, b) => a.index - b.index);
  }

  async #endSurplus(): Promise<void> {
    const surplus = [...this.#instances.values()].filter(({ index }) => index >= this.#record.wanted);
    if (surplus.length === 0) return;
    await settled(surplus.map((instance) => instance.stop()));
    for (const { index, port } of surplus) {
      this.#instances.delete(index);
      this.#release(port);
    }
    this.#write();
  }

  // Ports that were given before are kept, unless somebody took them meanwhile.
  async #portsFor(indexes: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { ownPort } = this.#settings;
    const ports = new Map<number, number>();
    const claimed: number[] = [];
    try {
      for (const index of indexes) {
        const known = this.#instances.get(index)?.port;
        if (ownPort !== undefined) ports.set(index, await this.#ownPort(ownPort));
        else if (known !== undefined && (await isPortFree(known))) ports.set(index, known);
        else ports.set(index, await this.#newPort(claimed, known));
      }
    } catch (error) {
      for (const port of claimed) this.#release(port);
      throw error;
    }
    return ports;
  }

  async #ownPort(port: number): Promise<number> {
    if (port > 0 && !(await isPortFree(port))) throw raise('PORT_TAKEN', { port, id: this.id });
    return port;
  }

  async #newPort(claimed: number[], before: number | undefined): Promise<number> {
    const { portLow: from, portHigh: to } = this.#settings;
    const port = await choosePort(this.#context.claims, { from, to: to + 1 }, this.#owner);
    if (port === undefined) throw raise('NO_FREE_PORT', { from, to, id: this.id });
    claimed.push(port);
    if (before !== undefined) this.#release(before);
    return port;
  }

  #release(port: number): void {
    this.#context.claims.release(port, this.#owner);
  }

  /** What ports are claimed for: claims without the file are outdated. */
  get #owner(): string {
    return this.#context.records.file(this.id);
  }

  #planOf(request: DeploymentRequest, index: number, port: number): LaunchPlan {
    const { command, environment } = this.#context;
    const { file, args } = commandOf(request, this.#settings, index, command);
    const env = environmentOf(request, this.#settings, { deployment: this.id, index, port }, environment);
    return { command: file, args, env, cwd: this.#record.workingDirectory };
  }

  #newInstance(record: InstanceRecord): Instance {
    const { records, clock, environment, onProblem } = this.#context;
    const settings = this.#settings;
    return new Instance(record, {
      id: guidOf(this.id, record.index),
      workingDirectory: this.#record.workingDirectory,
      launches: records.launches(this.id),
      mark: `${marks.deployer}=${environment.mark}`,
      hostname: settings.hostname,
      logs: settings.inheritLogging ? 'inherit' : { maxBytes: settings.logMaxBytes, maxFiles: settings.logMaxFiles },
      startTimeoutMs: settings.startTimeout * millisecondsPerSecond,
      shutdownTimeoutMs: settings.shutdownTimeout * millisecondsPerSecond,
      memoryLimitBytes: settings.memoryLimitBytes,
      probeFailures: settings.healthProbeFailures,
      probeIntervalMs: settings.healthProbeInterval,
      clock,
      healthOf: (port) => healthPlan(this.#record.request, settings, port),
      save: () => this.#write(),
      onChanged: this.#onChanged,
      onProblem,
    });
  }

  #noting(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#context.onProblem(error);
    }
  }

  #write(): void {
    const instances = [...this.#instances.values()].map(({ record }) => record);
    this.#record = { ...this.#record, instances };
    this.#context.records.write(this.#record);
  }

  #deleteFiles(): void {
    const { workingDirectory } = this.#record;
    rmSync(workingDirectory, { recursive: true, force: true, maxRetries: 5 });
    removeEmpty(dirname(workingDirectory));
  }
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    // Another deployment of the same moment may be in it.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Resolves when all are settled; then throws the first error. */
async function settled(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
}
