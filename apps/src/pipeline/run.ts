import { systemClock } from '@millrace/core';
import { MetricsRegistry } from '@millrace/messaging/policies';
import { Catalogue } from '../catalogue.ts';
import { Connections } from '../runtime/connections.ts';
import { pauser } from '../runtime/create-context.ts';
import type { ProcessServices } from '../runtime/create-context.ts';
import { HttpHost } from '../runtime/http-host.ts';
import { lineLogger } from '../runtime/logger.ts';
import type { PipelineText, RunOptions } from './options.ts';
import { FusedPipeline } from './fused-pipeline.ts';
import { parsePipelines } from './parse.ts';
import { planPipeline } from './plan.ts';
import type { PlannedPipeline } from './plan.ts';
import type { PipelineProgress, RunResult } from './progress.ts';
import { runSeparately } from './separate.ts';

/**
 * Runs pipelines until all their sources have ended and everything was done with, or until the signal. Every app, option and
 * expression is checked before anything starts (`PIPELINE_INVALID`, with position). Delivery is at least once: a message is done when
 * every app after it is; one that fails for good is parked as if it had gone through the binder, in
 * `error.<destination>.<group>` of the app that failed, where the destination of an app behind a neighbour is `<pipeline>.<neighbour>`.
 * Rejects with `APP_FAILED` when a source fails; the other pipelines are then ended.
 */
export async function runPipelines(texts: readonly PipelineText[], options: RunOptions): Promise<RunResult> {
  const catalogue = options.catalogue ?? new Catalogue();
  const plans = parsePipelines(texts).map((parsed) => planPipeline(parsed, catalogue, options.properties ?? {}));
  if (options.fuse === false) return runSeparately(plans, options);
  return new FusedRun(plans, options).run();
}

const pollMs = 20;

class FusedRun {
  readonly #options: RunOptions;
  readonly #services: ProcessServices;
  readonly #pipelines: readonly FusedPipeline[];
  readonly #done = new Set<FusedPipeline>();
  readonly #elapsed = new Map<FusedPipeline, number>();
  readonly #stop = new AbortController();

  constructor(plans: readonly PlannedPipeline[], options: RunOptions) {
    this.#options = options;
    const logger = options.logger ?? lineLogger((line) => process.stdout.write(line));
    this.#services = {
      connections: new Connections(options.connect),
      http: new HttpHost((error) => logger.log('ERROR', String(error))),
      logger,
      clock: options.clock ?? systemClock,
      metrics: options.metrics ?? new MetricsRegistry(),
    };
    const pipelines = plans.flatMap(separated);
    const read = new Set(pipelines.flatMap(({ apps }) => apps[0]!.input.destination?.split(',') ?? []));
    const isTapped = (destination: string) => options.tap === true || read.has(destination);
    this.#pipelines = pipelines.map(
      (plan) => new FusedPipeline(plan, { services: this.#services, isTapped, drainMs: options.drainMs }),
    );
  }

  async run(): Promise<RunResult> {
    // Timers of the clock do not keep a process alive; a run does.
    const alive = setInterval(() => undefined, 1 << 30);
    const reporting = this.#report();
    const stop = () => this.#stop.abort();
    this.#options.signal?.addEventListener('abort', stop);
    let completed = false;
    try {
      if (this.#options.signal?.aborted === true) stop();
      await this.#start();
      completed = !this.#stop.signal.aborted;
    } finally {
      stop();
      this.#options.signal?.removeEventListener('abort', stop);
      await this.#closeAll();
      await reporting;
      clearInterval(alive);
    }
    return this.#result(completed);
  }

  async #start(): Promise<void> {
    for (const pipeline of this.#pipelines) await pipeline.prepare();
    for (const pipeline of this.#pipelines) await pipeline.attach();
    // Who uses nothing of the binder is not made to connect for what may have been parked by an earlier run, unless asked to.
    const { connections } = this.#services;
    if (connections.used || this.#options.redriven === true)
      for (const pipeline of this.#pipelines) await pipeline.attachRedriven();
    this.#stop.signal.addEventListener('abort', () => this.#pipelines.forEach((pipeline) => pipeline.stop()), { once: true });
    if (this.#stop.signal.aborted) return;
    await Promise.all(this.#pipelines.map((pipeline) => this.#complete(pipeline)));
  }

  async #complete(pipeline: FusedPipeline): Promise<void> {
    const began = this.#services.clock.monotonic();
    try {
      await (pipeline.endless ? this.#consumed(pipeline) : this.#sourced(pipeline));
    } catch (error) {
      this.#stop.abort();
      throw error;
    }
    this.#elapsed.set(pipeline, this.#services.clock.monotonic() - began);
    this.#done.add(pipeline);
  }

  // A pipeline with a source ends when that has ended and what was sent again to its apps is done.
  async #sourced(pipeline: FusedPipeline): Promise<void> {
    await pipeline.runSource();
    const pause = pauser(this.#services.clock, this.#stop.signal);
    while (!this.#stop.signal.aborted && ((await pipeline.lag()) ?? 0) > 0) await pause(pollMs);
  }

  // A pipeline that reads destinations ends when all who write to them here have ended and nothing waits in them.
  async #consumed(pipeline: FusedPipeline): Promise<void> {
    const pause = pauser(this.#services.clock, this.#stop.signal);
    const writers = this.#pipelines.filter(
      (other) => other !== pipeline && pipeline.inputs.some((name) => other.outputs.has(name)),
    );
    const finite = writers.length > 0;
    while (!this.#stop.signal.aborted) {
      const lag = await pipeline.lag();
      if (finite && lag === 0 && writers.every((writer) => this.#done.has(writer))) return;
      await pause(pollMs);
    }
  }

  async #report(): Promise<void> {
    const { onProgress, progressEveryMs = 500 } = this.#options;
    if (onProgress === undefined) return;
    const pause = pauser(this.#services.clock, this.#stop.signal);
    while (!this.#stop.signal.aborted) {
      onProgress(this.#progress());
      await pause(progressEveryMs);
    }
    onProgress(this.#progress());
  }

  #progress(): PipelineProgress[] {
    return this.#pipelines.map((pipeline) => pipeline.progress(this.#done.has(pipeline)));
  }

  async #closeAll(): Promise<void> {
    const results = await Promise.allSettled(this.#pipelines.map((pipeline) => pipeline.close()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #result(completed: boolean): RunResult {
    const pipelines = this.#pipelines.map((pipeline) => {
      const progress = pipeline.progress(this.#done.has(pipeline));
      const elapsedMs = this.#elapsed.get(pipeline) ?? 0;
      const first = progress.apps[0];
      const handled = first === undefined ? 0 : Math.max(first.in, first.out);
      return Object.assign(progress, { elapsedMs, ratePerSecond: Math.round((handled * 1000) / Math.max(elapsedMs, 1)) });
    });
    return { pipelines, completed };
  }
}

/** The apps of `a || b` run beside each other, as pipelines of one app. */
function separated(plan: PlannedPipeline): PlannedPipeline[] {
  return plan.bound ? [plan] : plan.apps.map((app) => ({ ...plan, apps: [app] }));
}
