import type { StageCounts } from '../chain/stage.ts';

/** What a process is to be started for. */
export interface SpawnRequest {
  readonly kind: string;
  /** The registered name. */
  readonly app: string;
  readonly stream: string;
  readonly label: string;
  /** Its whole configuration, as deployers hand it over: in `SPRING_APPLICATION_JSON`. */
  readonly env: Readonly<Record<string, string>>;
}

/** A process that runs an app. */
export interface SpawnedApp {
  onLine(listener: (line: string) => void): void;
  onCounts(listener: (counts: StageCounts) => void): void;
  /**
   * Messages that wait for it at the broker or in it, counted after the call; `undefined` where it cannot tell, or has not begun or
   * has ended. Of a group with members elsewhere, what those hold is not counted.
   */
  lag(): Promise<number | undefined>;
  /** Its exit code; `null` if a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Asks it to finish what it does and end. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
}

/** Starts an app as a process. */
export type SpawnApp = (request: SpawnRequest) => SpawnedApp;

/** What an app process tells the one that started it, now and then. */
export interface CountsReport {
  readonly kind: 'millrace.counts';
  readonly counts: StageCounts;
}

/** What the process that started an app asks it. */
export interface LagRequest {
  readonly kind: 'millrace.lag?';
  readonly request: number;
}

/** The app's answer. */
export interface LagReport {
  readonly kind: 'millrace.lag';
  readonly request: number;
  readonly lag: number | undefined;
}
