import type { AppResource, AppSpec, Deployer } from '@millrace/deployer-contract';

/** What the author of a deployer gives the kit: how to get a platform, and how patient to be with it. */
export interface DeployerHarness {
  /** Names the run in titles and reports. */
  readonly name: string;
  /** Called twice: once to read the capabilities, once for the scenarios, which keep apart by names. */
  createPlatform(run: PlatformRun): Promise<Platform>;
  readonly timeouts?: Partial<Timeouts> | undefined;
}

/** What a run needs of its platform. */
export interface PlatformRun {
  /** The beginning of every group of the run, so that `stop` can remove what is left on a platform that stays. */
  readonly prefix: string;
  /** Secrets that the platform's deployers must be able to resolve, by name; others they must not. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Where deployers of a run make apps run. */
export interface Platform {
  /** A new deployer, not yet opened. The kit never has two of them open at once. */
  connect(): Promise<Deployer>;
  /** The kit's test app, in a form that the platform can run; see {@link testAppPath}. */
  readonly testApp: TestApp;
  /** Added to the deployment properties of every request: quick probes, short timeouts. */
  readonly deploymentProperties?: Readonly<Record<string, string>> | undefined;
  /** Apps that can share a process; where the deployer declares `fuse`. Each must write a line with its label when it has started. */
  readonly fusable?: readonly [AppSpec, AppSpec] | undefined;
  /** Takes a deployer away as the end of its process does: nothing is finished, nothing is told. Without it the kit closes it. */
  abandon?(deployer: Deployer): Promise<void>;
  /** Ends all that is left of the run. */
  stop(): Promise<void>;
}

/** How the kit's test app is run on a platform. */
export interface TestApp {
  readonly resource: AppResource;
  /** Arguments that come before those of the kit. */
  readonly arguments?: readonly string[] | undefined;
}

/** How patient the kit is, in milliseconds. */
export interface Timeouts {
  /** For an app to come up or to end, and for a call to settle (default 30000). */
  readonly settleMs: number;
  /** How long something must not happen until the kit believes that it will not (default 300). */
  readonly quietMs: number;
  /** How long the test app takes where a scenario looks at it while it starts (default 2000). */
  readonly slowStartMs: number;
}

export const defaultTimeouts: Timeouts = { settleMs: 30_000, quietMs: 300, slowStartMs: 2000 };
