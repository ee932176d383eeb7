import type { LogLine, LogOptions } from './log.ts';
import type { AppResource, DeploymentRequest } from './request.ts';
import type { DeploymentStatus } from './status.ts';

/** What a deployer can do beyond the contract, as data. What is not declared fails with `UNSUPPORTED`. */
export interface DeployerCapabilities {
  /** What it runs apps from. */
  readonly resources: readonly AppResource['kind'][];
  /** Several apps in one process. */
  readonly fuse: boolean;
  /** Instances keep their numbers for life and the highest go first when there are to be fewer. */
  readonly stableIndexes: boolean;
  /** Instances that ended are started again by the platform. Elsewhere a repeated `deploy` does it. */
  readonly restartsInstances: boolean;
  /** `log` with `follow`. */
  readonly followsLogs: boolean;
}

/** What the platform is, for people: SCDF's runtime environment. */
export interface EnvironmentInfo {
  readonly platformType: string;
  readonly deployerName: string;
  readonly deployerVersion: string;
  readonly platformApiVersion: string;
  readonly platformClientVersion: string;
  readonly platformHostVersion: string;
  readonly details: Readonly<Record<string, string>>;
}

/**
 * Makes apps run on a platform and says how they do. All operations are idempotent, so that whoever drives a deployer may repeat them
 * after a crash at any step; those on the same id take effect one after the other. What runs outlives the deployer: `close` ends
 * nothing, and a deployer that is opened later adopts it.
 */
export interface Deployer {
  /** `local`, `kubernetes`, `cloudfoundry`. */
  readonly platform: string;
  readonly capabilities: DeployerCapabilities;

  /** Adopts what this deployer or an earlier one started. Call it once, before everything else. */
  open(): Promise<void>;

  /**
   * The id that a request gets; the same for the same name and group, at any time. Throws `NAME_INVALID`.
   */
  idOf(request: DeploymentRequest): string;

  /**
   * Checks a request as `deploy` does, without deploying. Resolves with warnings for people, such as properties that mean nothing here.
   */
  validate(request: DeploymentRequest): Promise<readonly string[]>;

  /**
   * Sees to it that what is asked for runs, and resolves with its id once it is being started; `status` tells how that goes. If it is
   * there already from the same request, what runs is left alone, instances that ended are started again and a changed count scales.
   *
   * @throws `DEPLOYMENT_DIFFERS` (`ALREADY_EXISTS`) where the id is deployed from another request; `INVALID_ARGUMENT` for names and
   *   properties; `NOT_FOUND` for resources that are missing; `UNSUPPORTED` for what the platform cannot run; `RESOURCE_EXHAUSTED` and
   *   `UNAVAILABLE` where it has no room or cannot be reached. After an error nothing new runs.
   */
  deploy(request: DeploymentRequest): Promise<string>;

  /**
   * Ends a deployment in order, with force where that takes too long, and forgets it. Resolves when nothing of it runs any more; at
   * once where there is none. Also ends what `list` found without knowing it.
   */
  undeploy(id: string): Promise<void>;

  /**
   * Changes the number of instances, to 0 too. Instances that stay are left alone. Throws `DEPLOYMENT_UNKNOWN` (`NOT_FOUND`) and
   * `COUNT_INVALID` (`INVALID_ARGUMENT`).
   */
  scale(id: string, count: number): Promise<void>;

  /** What is known of a deployment, without delay; `unknown` for one that does not exist. */
  status(id: string): Promise<DeploymentStatus>;

  /** The same for many at once: those asked for, in this order, or all. */
  statuses(ids?: readonly string[]): Promise<readonly DeploymentStatus[]>;

  /**
   * Calls `listener` with the new status of a deployment whenever it changes, also when it becomes unknown. Returns what ends this.
   */
  watch(listener: (status: DeploymentStatus) => void): () => void;

  /**
   * Looks at the platform itself: the ids of all that runs there as this deployer's, including what it has no other knowledge of, for
   * whoever wants to find orphans.
   */
  list(): Promise<readonly string[]>;

  /** What a deployment wrote. Throws `DEPLOYMENT_UNKNOWN` and `INSTANCE_UNKNOWN`, both `NOT_FOUND`. */
  log(id: string, options?: LogOptions): AsyncIterable<LogLine>;

  environmentInfo(): Promise<EnvironmentInfo>;

  /** Stops watching. What runs goes on. Idempotent. */
  close(): Promise<void>;
}
