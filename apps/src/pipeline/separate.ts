import { systemClock } from '@millrace/core';
import type { Clock } from '@millrace/core';
import { eventStream } from '@millrace/messaging';
import type { Binder, LogFacet } from '@millrace/messaging/binder';
import type { StageCounts } from '../chain/stage.ts';
import { appError, appFailed } from '../errors.ts';
import { pauser } from '../runtime/create-context.ts';
import { lineLogger, relay } from '../runtime/logger.ts';
import type { Logger } from '../runtime/logger.ts';
import { instanceOptions, outputOptions } from '../runtime/bindings.ts';
import type { ParkOrigin } from '../runtime/connections.ts';
import type { PlannedApp, PlannedPipeline } from './plan.ts';
import { appProgress } from './progress.ts';
import type { PipelineProgress, RunResult } from './progress.ts';
import type { RunOptions } from './options.ts';
import type { SpawnApp, SpawnedApp } from './spawn.ts';

const pollMs = 50;
const noCounts: StageCounts = { in: 0, out: 0, failed: 0, parked: 0 };

/** Runs pipelines with a process for every app, connected by the binder. The same guarantees as in one process. */
export async function runSeparately(plans: readonly PlannedPipeline[], options: RunOptions): Promise<RunResult> {
  const { spawnApp } = options;
  if (spawnApp === undefined) throw appError('SPAWN_MISSING', {});
  return new SeparateRun(plans, options, spawnApp).run();
}

interface AppProcess {
  readonly app: PlannedApp;
  readonly process: SpawnedApp;
  counts: StageCounts;
  ended: boolean;
}

class SeparateRun {
  readonly #plans: readonly PlannedPipeline[];
  readonly #options: RunOptions;
  readonly #spawn: SpawnApp;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #processes = new Map<PlannedApp, AppProcess>();
  readonly #done = new Map<PlannedPipeline, number>();
  readonly #lags = new Map<PlannedApp, number | undefined>();
  #looking = false;
  #over = false;

  constructor(plans: readonly PlannedPipeline[], options: RunOptions, spawn: SpawnApp) {
    this.#plans = plans;
    this.#options = options;
    this.#spawn = spawn;
    this.#logger = options.logger ?? lineLogger((line) => process.stdout.write(line));
    this.#clock = options.clock ?? systemClock;
  }

  async run(): Promise<RunResult> {
    const stop = () => this.#stop.abort();
    this.#options.signal?.addEventListener('abort', stop);
    const alive = setInterval(() => void this.#report(), this.#options.progressEveryMs ?? 500);
    let completed = false;
    try {
      if (this.#options.signal?.aborted === true) stop();
      // Where one process holds the broker for the others it should be this one, which outlives them all.
      await (await this.#options.connect()).binder();
      // Those who read first, so that nothing has to wait for them.
      for (const app of this.#plans.flatMap(({ apps }) => apps.toReversed())) this.#start(app);
      await Promise.all(this.#plans.map((plan) => this.#complete(plan)));
      completed = !this.#stop.signal.aborted;
    } finally {
      stop();
      this.#options.signal?.removeEventListener('abort', stop);
      await this.#endAll();
      clearInterval(alive);
      this.#over = true;
      this.#options.onProgress?.(this.#progress());
    }
    return { pipelines: this.#plans.map((plan) => this.#summary(plan)), completed };
  }

  #start(app: PlannedApp): void {
    const values = { [instanceOptions.port.name]: 0, ...app.values, ...this.#readers(app) };
    const spawned = this.#spawn({
      kind: app.definition.kind,
      app: app.definition.name,
      stream: app.stream,
      label: app.label,
      env: { SPRING_APPLICATION_JSON: JSON.stringify({ ...this.#options.properties, ...values }) },
    });
    const entry: AppProcess = { app, process: spawned, counts: noCounts, ended: false };
    this.#processes.set(app, entry);
    const logger = this.#logger.named(`${app.stream}/${app.label}`);
    spawned.onLine((line) => relay(line, logger));
    spawned.onCounts((counts) => {
      entry.counts = counts;
    });
    void this.#watch(entry, logger);
  }

  /** The groups that read what an app writes, so that they miss nothing when it is up before they are. */
  #readers({ output }: PlannedApp): Readonly<Record<string, unknown>> {
    const { destination, binder, requiredGroups } = output;
    const readers = this.#plans
      .flatMap(({ apps }) => apps.map(({ input }) => input))
      .filter((input) => input.binder === binder && input.destination?.split(',').includes(destination ?? ''));
    const groups = new Set([...requiredGroups, ...readers.flatMap(({ group }) => group ?? [])]);
    return groups.size === 0 ? {} : { [outputOptions.requiredGroups.name]: [...groups].join(',') };
  }

  async #watch(entry: AppProcess, logger: Logger): Promise<void> {
    const code = await entry.process.exited;
    entry.ended = true;
    logger.log(code === 0 ? 'INFO' : 'ERROR', `Ended with exit code ${code}.`);
  }

  async #complete(plan: PlannedPipeline): Promise<void> {
    const began = this.#clock.monotonic();
    try {
      await this.#untilDone(plan);
    } catch (error) {
      this.#stop.abort();
      throw error;
    }
    this.#done.set(plan, this.#clock.monotonic() - began);
  }

  // First to last: an app is done when it ended by itself, or when all who write to it are done and nothing waits for it.
  async #untilDone(plan: PlannedPipeline): Promise<void> {
    const pause = pauser(this.#clock, this.#stop.signal);
    for (const app of plan.apps) {
      const entry = this.#processes.get(app)!;
      while (!this.#stop.signal.aborted && !entry.ended && !(await this.#nothingLeft(plan, app))) await pause(pollMs);
      if (this.#stop.signal.aborted) return;
      if (!entry.ended) entry.process.stop();
      const code = await entry.process.exited;
      if (code !== 0) throw appFailed(app, new Error(`its process ended with exit code ${code}`));
    }
  }

  async #nothingLeft(plan: PlannedPipeline, app: PlannedApp): Promise<boolean> {
    const { destination, group } = app.input;
    if (app.definition.kind === 'source' || destination === undefined || group === undefined) return false;
    const first = app === plan.apps[0];
    const writers = this.#plans.filter(
      (other) => other !== plan && other.apps.some((each) => each.output.destination === destination),
    );
    if (first && (writers.length === 0 || !writers.every((writer) => this.#done.has(writer)))) return false;
    return (await this.#lagOf(app, { destination, group, binder: app.input.binder })) === 0;
  }

  async #endAll(): Promise<void> {
    const running = [...this.#processes.values()].filter(({ ended }) => !ended);
    for (const { process: each } of running) each.stop();
    const timer = this.#clock.after(this.#options.drainMs ?? 30_000, () => running.forEach(({ process: each }) => each.kill()));
    await Promise.all(running.map(({ process: each }) => each.exited));
    timer.cancel();
  }

  async #report(): Promise<void> {
    if (this.#looking || this.#options.onProgress === undefined) return;
    this.#looking = true;
    await Promise.all(Array.from(this.#processes.keys(), (app) => this.#look(app)));
    this.#looking = false;
    if (!this.#over) this.#options.onProgress(this.#progress());
  }

  async #look(app: PlannedApp): Promise<void> {
    const { destination, group, binder } = app.input;
    if (destination === undefined || group === undefined) return;
    // A lag that cannot be had now is shown as unknown; the run itself finds out whether something is wrong.
    this.#lags.set(app, await this.#lagOf(app, { destination, group, binder }).catch(() => undefined));
  }

  /** Where the binder keeps no log, only the app itself can count what it holds. */
  async #lagOf(app: PlannedApp, origin: ParkOrigin): Promise<number | undefined> {
    const { raw } = await (await this.#options.connect()).binder(eventStream(origin.destination, { binder: origin.binder }));
    return raw.log === undefined ? this.#processes.get(app)!.process.lag() : lagIn(raw, raw.log, origin);
  }

  #progress(): PipelineProgress[] {
    return this.#plans.map((plan) => this.#progressOf(plan));
  }

  #progressOf(plan: PlannedPipeline): PipelineProgress {
    const apps = plan.apps.map((app) => appProgress(app, this.#processes.get(app)?.counts ?? noCounts, this.#lags.get(app)));
    return { name: plan.name, apps, done: this.#done.has(plan) };
  }

  #summary(plan: PlannedPipeline): RunResult['pipelines'][number] {
    const progress = this.#progressOf(plan);
    const elapsedMs = this.#done.get(plan) ?? 0;
    const handled = Math.max(progress.apps[0]!.in, progress.apps[0]!.out);
    return { ...progress, elapsedMs, ratePerSecond: Math.round((handled * 1000) / Math.max(elapsedMs, 1)) };
  }
}

/** Messages of a log that a group has not acknowledged. */
async function lagIn({ provisioner }: Binder, log: LogFacet, { destination, group }: ParkOrigin): Promise<number | undefined> {
  if ((await provisioner.describe(destination)) === undefined) return undefined;
  const [partitions, committed] = await Promise.all([log.partitions(destination), log.committed(destination, group)]);
  return partitions.reduce((sum, { partition, earliest, next }) => sum + next - (committed.get(partition) ?? earliest), 0);
}
