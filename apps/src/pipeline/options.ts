import type { Clock } from '@millrace/core';
import type { Millrace } from '@millrace/messaging';
import type { MetricsRegistry } from '@millrace/messaging/policies';
import type { Catalogue } from '../catalogue.ts';
import type { Logger } from '../runtime/logger.ts';
import type { PipelineProgress } from './progress.ts';
import type { SpawnApp } from './spawn.ts';

/** A pipeline to run. */
export interface PipelineText {
  /** Default: the name in the text, else `pipeline`, `pipeline-2` and so on. */
  readonly name?: string | undefined;
  readonly dsl: string;
}

/** How pipelines are run. */
export interface RunOptions {
  /** Gives the runtime, when something first needs it. It is not closed here. */
  readonly connect: () => Promise<Millrace>;
  /** Neighbours in this process hand messages over directly (default); otherwise every app is a process of its own. */
  readonly fuse?: boolean | undefined;
  /** Also send the output of every app to its destination; without it only those that another pipeline here reads. */
  readonly tap?: boolean | undefined;
  /**
   * Also connect, where nothing else needs it, to take in what an earlier run parked in the middle of a pipeline and was sent again
   * (default: only where the pipelines use the binder anyway, or park something themselves).
   */
  readonly redriven?: boolean | undefined;
  readonly catalogue?: Catalogue | undefined;
  /** Settings of all apps, by full name; weaker than those in the text. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  /** Told regularly how far each pipeline is. */
  readonly onProgress?: ((progress: readonly PipelineProgress[]) => void) | undefined;
  readonly progressEveryMs?: number | undefined;
  /** Ends the run: sources stop, what is under way is finished. */
  readonly signal?: AbortSignal | undefined;
  /** How long messages under way may take at the end (default 30 s). */
  readonly drainMs?: number | undefined;
  /** Starts an app as a process; needed when `fuse` is false. */
  readonly spawnApp?: SpawnApp | undefined;
}
