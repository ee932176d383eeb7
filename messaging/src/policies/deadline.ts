import type { Clock, MillraceError } from '@millrace/core';
import { raise } from '../errors.ts';

/** What has to be done by when. */
export interface Deadline {
  readonly clock: Clock;
  readonly ms: number;
  /** For the error: `the call of 'reserve-seat'`. */
  readonly operation: string;
  /** The error instead of `DEADLINE_EXCEEDED`, for operations that may still happen. */
  readonly expired?: (() => MillraceError) | undefined;
}

/**
 * Settles as `work` does, or rejects with `DEADLINE_EXCEEDED` once the time is over; the signal given to `work` is then aborted.
 * A late failure of the work is dropped: its caller has been told already.
 */
export function withDeadline<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, ms, operation } = deadline;
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(ms, () => {
      const error = deadline.expired?.() ?? raise('DEADLINE', { operation, deadlineMs: ms });
      reject(error);
      controller.abort(error);
    });
    work(controller.signal)
      .finally(() => timer.cancel())
      .then(resolve, reject);
  });
}

/** Waits; ends early, without an error, when the signal is aborted. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = () => {
      timer.cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(ms, end);
    signal?.addEventListener('abort', end);
  });
}
