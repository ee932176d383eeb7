import type { StageCounts } from '../chain/stage.ts';
import type { AppDefinition, AppKind } from '../runtime/define.ts';

/** What one app of a pipeline did so far. */
export interface AppProgress extends Readonly<StageCounts> {
  readonly label: string;
  readonly app: string;
  readonly kind: AppKind;
  /** Messages waiting for it at the broker; `undefined` where none go through one or it is not known. */
  readonly lag: number | undefined;
}

/** Where a pipeline stands. */
export interface PipelineProgress {
  readonly name: string;
  readonly apps: readonly AppProgress[];
  readonly done: boolean;
}

/** What became of a run. */
export interface RunResult {
  readonly pipelines: readonly (PipelineProgress & {
    readonly elapsedMs: number;
    /** Messages per second that the first app handed on. */
    readonly ratePerSecond: number;
  })[];
  /** True if every pipeline came to its end by itself. */
  readonly completed: boolean;
}

interface LabelledApp {
  readonly label: string;
  readonly definition: AppDefinition;
}

/** Where an app stands. */
export function appProgress({ label, definition }: LabelledApp, counts: StageCounts, lag: number | undefined): AppProgress {
  return { label, app: definition.name, kind: definition.kind, ...counts, lag };
}
