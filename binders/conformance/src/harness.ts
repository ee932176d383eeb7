import type { Binder } from '@millrace/messaging/binder';

/** What a binder author gives the kit: how to get a broker, and how patient to be with it. */
export interface ConformanceHarness {
  /** Names the run in titles and reports: the binder and how it is set up, as `embedded (memory)`. */
  readonly name: string;
  /**
   * Starts a broker, or attaches to one that runs. Called twice: once to read the binder's capabilities, once for the scenarios,
   * which share it and keep apart by destination names that all begin with `run.prefix`.
   */
  createBroker(run: BrokerRun): Promise<Broker>;
  readonly limits?: Partial<Limits> | undefined;
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** `short` (default) runs each scenario once; `stress` runs each ten times in parallel and with more messages. */
  readonly mode?: 'short' | 'stress' | undefined;
  /** Turns the kit's destination names (letters, digits, `.`, `-`) into names that the broker accepts (default: as they are). */
  readonly destinationName?: ((suggested: string) => string) | undefined;
}

/** One run of the kit against a broker. */
export interface BrokerRun {
  /** Beginning of every destination name of this run, so that `stop` can remove what is left on a broker that stays. */
  readonly prefix: string;
}

/** One backing broker. What is optional here is a means of testing, not a capability: scenarios that need it are skipped by name. */
export interface Broker {
  /** A new client, not yet opened. All clients of one broker see the same data. */
  connect(): Promise<Binder>;
  /** A client, not yet opened, of a server that does not exist. */
  connectNowhere?(): Promise<Binder>;
  /** True where a second client would not see the data of the first; scenarios with two clients are then skipped. */
  readonly singleClient?: boolean | undefined;
  /** Time as the broker sees it, moved by the kit instead of waiting; a `ManualClock` fits. Not for stress mode. */
  readonly clock?: BrokerClock | undefined;
  /** Stops the broker hard and starts it again with its data; resolves when it accepts connections. */
  restart?(): Promise<void>;
  /** Breaks every connection between clients and broker without a farewell; clients may reconnect at once. */
  cutConnections?(): Promise<void>;
  /** Makes retention and compaction act now, where they can be forced. */
  applyRetention?(): Promise<void>;
  stop(): Promise<void>;
}

/** The broker's time in the hands of the kit. */
export interface BrokerClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Moves time forward by `ms`, firing what falls due. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock alone forward or back, as an administrator does; no time passes. */
  jump?(ms: number): void;
}

/** How much the kit asks of a binder. */
export interface Limits {
  /** The largest message that the kit sends, however much the binder allows (default 4 MiB). */
  readonly largestBytes: number;
  /** Messages in a scenario about loss (default 2000; ten times that in stress mode). */
  readonly messages: number;
  /** Subscribers in the scenarios about many of them (default 50). */
  readonly subscribers: number;
  /** How far the broker's clock may be from this process's, in milliseconds (default 2000). */
  readonly clockSkewMs: number;
}

/** How long the kit waits. */
export interface Timeouts {
  /** How long an operation may take before it counts as one that never settles, in milliseconds (default 10000). */
  readonly settleMs: number;
  /** How long nothing must arrive until the kit believes that nothing will (default 100). */
  readonly quietMs: number;
  /** Grain of timing scenarios (default 200): leases, delays and times to live are a few of these. Above the broker's accuracy. */
  readonly stepMs: number;
  /** How long clients may need after a restart or a cut until they work again (default 30000). */
  readonly recoverMs: number;
}

/** The harness with its defaults filled in. */
export interface Settings {
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly stress: boolean;
  readonly destinationName: (suggested: string) => string;
}

export function settingsOf(harness: ConformanceHarness): Settings {
  const stress = harness.mode === 'stress';
  return {
    limits: { largestBytes: 4 << 20, messages: stress ? 20_000 : 2000, subscribers: 50, clockSkewMs: 2000, ...harness.limits },
    timeouts: { settleMs: 10_000, quietMs: 100, stepMs: 200, recoverMs: 30_000, ...harness.timeouts },
    stress,
    destinationName: harness.destinationName ?? ((suggested) => suggested),
  };
}
