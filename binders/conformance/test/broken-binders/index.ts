import type { Sabotage } from './sabotage.ts';
import { brokenClaims } from './claims.ts';
import { brokenDelivery } from './delivery.ts';
import { brokenGroups } from './groups.ts';
import { brokenLogs } from './logs.ts';
import { brokenQueues } from './queues.ts';
import { brokenRestarts } from './restarts.ts';
import { brokenRegions } from './regions.ts';

/** A binder that does one thing wrong, and the scenarios that must say so. */
export interface BrokenBinder {
  readonly name: string;
  /** A new one per run, as it may count. */
  readonly sabotage: () => Sabotage;
  readonly caughtBy: readonly string[];
  /** The binder that is broken (default: the embedded one in memory). */
  readonly of?: 'plain' | undefined;
}

export const brokenBinders: readonly BrokenBinder[] = [
  ...brokenDelivery,
  ...brokenGroups,
  ...brokenLogs,
  ...brokenQueues,
  ...brokenRegions,
  ...brokenClaims,
  ...brokenRestarts,
];
