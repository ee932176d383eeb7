import { messageOf, MillraceError } from '@millrace/core';
import type { ConsumerMetrics } from '../policies/consumer-metrics.ts';
import type { Step } from '../policies/keyed-executor.ts';
import { jittered, retryDelay, type RetryPolicy } from '../policies/retry.ts';
import type { Services } from '../runtime/services.ts';
import type { Tracked } from './partition-state.ts';
import { redriveIdOf, type RedriveRecord } from './redriven.ts';
import type { Session } from './session.ts';

/** What the parts of one subscription share. */
export interface Consumption {
  readonly services: Services;
  readonly destination: string;
  /** The group; `anonymous` without one. */
  readonly group: string;
  readonly policy: RetryPolicy;
  readonly onFailure: 'park' | 'skip';
  readonly metrics: ConsumerMetrics;
  readonly redriven: RedriveRecord;
  /** For health; `blocked` while a dead-letter destination takes nothing. */
  readonly tally: { handled: number; failed: number; parked: number; blocked: MillraceError | undefined };
}

const firstParkPauseMs = 500;
const longestParkPauseMs = 30_000;

/** Counts and finishes an event that was handled; a promise only for one that was re-driven. */
export function succeed(consumption: Consumption, tracked: Tracked, session: Session): void | Promise<void> {
  consumption.tally.handled++;
  consumption.metrics.handled.inc();
  return finish(consumption, tracked, session);
}

/** That a re-driven event is done is recorded before it is acknowledged, or it might be done again. */
function finish(consumption: Consumption, tracked: Tracked, session: Session): void | Promise<void> {
  const id = redriveIdOf(tracked, consumption.destination);
  if (id === undefined) return session.finish(tracked);
  return consumption.redriven.add(session.binder, id).then(() => session.finish(tracked));
}

/** Decides what becomes of an event whose try failed: another try after a pause, or parking (or skipping) and going on. */
export async function fail(consumption: Consumption, tracked: Tracked, session: Session, error: unknown): Promise<Step> {
  const { policy, metrics, services, tally } = consumption;
  tally.failed++;
  metrics.failed.inc();
  // Already acknowledged as part of a transaction: trying again would do its work twice.
  if (tracked.finished) {
    services.log('error', `a handler of '${consumption.destination}' failed after its transaction: ${messageOf(error)}`);
    return undefined;
  }
  if (session.dropIfLost(tracked)) return undefined;
  // No fault of the event: it is another member's, of which we are told in a moment, or its transaction is to be tried again.
  if (error instanceof MillraceError && error.reason === 'TRANSACTION_FENCED') tracked.attempt--;
  const pause = retryDelay(policy, tracked.attempt, error);
  if (pause === undefined) return giveUp(consumption, tracked, session, error);
  metrics.retried.inc();
  return hold(consumption, tracked, pause);
}

/** Parks or skips an event, then goes on. While its dead-letter destination does not take it, the event stays unacknowledged. */
export async function giveUp(consumption: Consumption, tracked: Tracked, session: Session, cause: unknown): Promise<Step> {
  tracked.failure ??= { cause, attempts: tracked.attempt };
  if (consumption.onFailure === 'skip') return skip(consumption, tracked, session);
  const { services, destination, group, metrics, tally } = consumption;
  const { partition, offset } = tracked.delivery;
  try {
    await services.parked.park(session.binder, tracked.delivery, tracked.failure, {
      kind: 'event',
      destination,
      group,
      partition,
      offset,
    });
  } catch (error) {
    services.log('error', messageOf(error), { partition, offset });
    tally.blocked = error as MillraceError;
    const pause = Math.min(longestParkPauseMs, firstParkPauseMs * 2 ** tracked.parkFailures++);
    return hold(consumption, tracked, jittered(pause, 0.2));
  }
  tally.blocked = undefined;
  tally.parked++;
  metrics.parked.inc();
  await finish(consumption, tracked, session);
  return undefined;
}

function skip(consumption: Consumption, tracked: Tracked, session: Session): undefined {
  const { partition, offset } = tracked.delivery;
  const cause = messageOf(tracked.failure!.cause);
  consumption.services.log('error', `skipped an event of '${consumption.destination}' that failed: ${cause}`, {
    partition,
    offset,
  });
  consumption.metrics.skipped.inc();
  session.finish(tracked);
}

function hold(consumption: Consumption, tracked: Tracked, ms: number): Step {
  tracked.heldUntil = consumption.services.clock.monotonic() + ms;
  return { againAfterMs: ms };
}
