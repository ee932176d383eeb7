import type { Deployer } from '@millrace/deployer-contract';
import type { DeployerHarness } from '../src/index.ts';
import { PlainDeployer, PlainPlatform } from './plain-deployer.ts';

/** What a harness of the plain deployer may do differently. */
export interface PlainVariant {
  readonly name?: string;
  readonly connect?: (shared: PlainPlatform) => Deployer;
  readonly settleMs?: number;
}

/** Apps that are objects: quick enough to be broken in many ways. */
export function plainHarness({ name = 'plain', connect, settleMs = 2000 }: PlainVariant = {}): DeployerHarness {
  return {
    name,
    async createPlatform({ secrets }) {
      const shared = new PlainPlatform(secrets);
      return {
        connect: async () => connect?.(shared) ?? new PlainDeployer(shared),
        testApp: { resource: { kind: 'executable', path: '/test-app' } },
        stop: async () => {
          for (const { instances } of shared.deployments.values()) for (const { app } of instances) app.end();
        },
      };
    },
    timeouts: { settleMs, quietMs: 30, slowStartMs: 100 },
  };
}
