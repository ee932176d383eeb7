import type { Scenario } from '../scenario.ts';
import { configurationScenarios } from './configuration.ts';
import { failureScenarios } from './failure.ts';
import { identityScenarios } from './identity.ts';
import { lifecycleScenarios } from './lifecycle.ts';
import { logScenarios } from './logs.ts';
import { observationScenarios } from './observation.ts';
import { restartScenarios } from './restart.ts';
import { scalingScenarios } from './scaling.ts';

/** Every scenario, in the order in which the author of a deployer meets them. */
export const scenarios: readonly Scenario[] = [
  ...identityScenarios,
  ...lifecycleScenarios,
  ...configurationScenarios,
  ...failureScenarios,
  ...scalingScenarios,
  ...logScenarios,
  ...observationScenarios,
  ...restartScenarios,
];
