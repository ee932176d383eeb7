import type { DeploymentState } from './states.ts';

/** Why an instance is not deployed. */
export const instanceReasons = [
  'NOT_STARTED',
  'EXITED',
  'KILLED',
  'LOST',
  'START_TIMEOUT',
  'UNHEALTHY',
  'MEMORY_EXCEEDED',
  'LAUNCH_FAILED',
  'RESOURCE_UNAVAILABLE',
] as const;

/**
 * `NOT_STARTED`: nobody has started it yet. `EXITED`: it ended by itself. `KILLED`: a signal ended it. `LOST`: it ended while nobody
 * watched. `START_TIMEOUT`: it was not healthy in time and was ended. `UNHEALTHY`: it runs, and says or shows that it is not well.
 * `MEMORY_EXCEEDED`: it held more memory than allowed and was ended. `LAUNCH_FAILED`: its program could not be started.
 * `RESOURCE_UNAVAILABLE`: what it is run from cannot be had by the platform.
 */
export type InstanceReason = (typeof instanceReasons)[number];

/** How the last life of an instance ended. */
export interface InstanceEnd {
  /** Milliseconds since the epoch; for one that ended while nobody watched, when that was noticed. */
  readonly at: number;
  /** Absent where a signal ended it, or nobody watched. */
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason: InstanceReason;
  /** The end of what it wrote, with its error output last. */
  readonly lastLines: readonly string[];
}

/** One instance of a deployment at a moment. */
export interface InstanceStatus {
  /** `<deployment>-<index>` where the platform leaves that to the deployer. */
  readonly id: string;
  /** From 0. */
  readonly index: number;
  readonly state: DeploymentState;
  /** Facts of the platform; where they apply `guid`, `port`, `url`, `pid`, `working.dir`, `stdout`, `stderr`. Never secrets. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Why it is not deployed. */
  readonly reason?: InstanceReason;
  /** The same for people. */
  readonly message?: string;
  /** How often it was started again after it had ended. */
  readonly restarts: number;
  readonly lastEnd?: InstanceEnd;
}

/** A deployment at a moment. */
export interface DeploymentStatus {
  readonly id: string;
  readonly state: DeploymentState;
  /** Instances that are wanted; 0 for one that is unknown, too. */
  readonly wanted: number;
  /** By index. */
  readonly instances: readonly InstanceStatus[];
}

/** The status of what does not exist. */
export function unknownStatus(id: string): DeploymentStatus {
  return { id, state: 'unknown', wanted: 0, instances: [] };
}
