import { join } from 'node:path';
import type { DeployerHarness } from '@millrace/deployer-conformance';
import { LocalDeployer } from '../src/index.ts';
import { host, neighbours } from './host.ts';
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
      const problems: unknown[] = [];
      return {
        connect: async () =>
          new LocalDeployer({
            directory: join(directory, 'state'),
            host,
            environment: { MILLRACE_DATA_DIR: join(directory, 'data') },
            onProblem: (error) => problems.push(error),
            secrets: async (name) => secrets[name] ?? Promise.reject(new Error('it does not exist')),
          }),
        testApp: { resource: testAppIn(directory) },
        deploymentProperties: quickly,
        fusable: neighbours('kit'),
        async stop() {
          removeDirectory(directory);
          // One scenario has a watcher that fails.
          const other = problems.find((error) => !String(error).includes('made to fail'));
          if (other !== undefined) throw other;
        },
      };
    },
  };
}
