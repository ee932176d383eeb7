import type { Scenario } from '../scenario.ts';
import { contentScenarios } from './content.ts';
import { deliveryScenarios } from './delivery.ts';
import { cutScenarios, restartScenarios } from './faults.ts';
import { groupsScenarios } from './groups.ts';
import { lifecycleScenarios } from './lifecycle.ts';
import { logScenarios } from './log.ts';
import { parkingScenarios } from './parking.ts';
import { partitionsScenarios } from './partitions.ts';
import { positionsScenarios } from './positions.ts';
import { producerScenarios } from './producer.ts';
import { provisionerScenarios } from './provisioner.ts';
import { queueTimingScenarios } from './queue-timing.ts';
import { queueScenarios } from './queue.ts';
import { regionScenarios } from './region.ts';
import { requestReplyScenarios } from './request-reply.ts';
import { retentionScenarios } from './retention.ts';
import { survivalScenarios } from './survival.ts';
import { transactionsScenarios } from './transactions.ts';
import { unsupportedScenarios } from './unsupported.ts';
import { watchPositionsScenarios } from './watch-positions.ts';
import { watchScenarios } from './watch.ts';

/** Every scenario, in the order in which a binder author meets them. */
export const scenarios: readonly Scenario[] = [
  ...lifecycleScenarios,
  ...provisionerScenarios,
  ...deliveryScenarios,
  ...contentScenarios,
  ...producerScenarios,
  ...groupsScenarios,
  ...partitionsScenarios,
  ...logScenarios,
  ...retentionScenarios,
  ...positionsScenarios,
  ...transactionsScenarios,
  ...queueScenarios,
  ...queueTimingScenarios,
  ...requestReplyScenarios,
  ...regionScenarios,
  ...watchScenarios,
  ...watchPositionsScenarios,
  ...parkingScenarios,
  ...unsupportedScenarios,
  ...survivalScenarios,
  ...restartScenarios,
  ...cutScenarios,
];
