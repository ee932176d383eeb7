/** A line that an instance wrote. */
export interface LogLine {
  /** The instance's id. */
  readonly instance: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without its line break. */
  readonly text: string;
}

/** Which part of a log is wanted. */
export interface LogOptions {
  /** Lines from the end of each stream of each instance (default 500); `Infinity` for all that is kept. */
  readonly tail?: number | undefined;
  /** Goes on with what is written from now on, until `signal`, or until the deployment is no more. */
  readonly follow?: boolean | undefined;
  /** Only the instance with this id. */
  readonly instance?: string | undefined;
  readonly stream?: LogLine['stream'] | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** How many lines are shown where nobody says. */
export const defaultTail = 500;
