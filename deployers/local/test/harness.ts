import { join } from 'node:path';
import type { DeployerHarness } from '@millrace/deployer-conformance';
import { LocalDeployer } from '../src/index.ts';
import { newDirectory, removeDirectory } from './temporary.ts';
import { testAppIn } from './test-app.ts';

const prefix = 'spring.cloud.deployer.local';

/** Apps asked for their health quickly, and given little time to end. */
export const quickly = {
  [`${prefix}.health-probe.path`]: '/actuator/health',
  [`${prefix}.health-probe.interval`]: '200ms',
  [`${prefix}.health-probe.failures`]: '2',
  [`${prefix}.shutdown-timeout`]: '5',
};

export function localHarness(): DeployerHarness {
  return {
    name: 'local',
    async createPlatform({ secrets }) {
      const directory = newDirectory();
      return {
        connect: async () =>
          new LocalDeployer({
            directory: join(directory, 'state'),
            secrets: async (name) => secrets[name] ?? Promise.reject(new Error('it does not exist')),
          }),
        testApp: { resource: testAppIn(directory) },
        deploymentProperties: quickly,
        stop: async () => removeDirectory(directory),
      };
    },
  };
}
