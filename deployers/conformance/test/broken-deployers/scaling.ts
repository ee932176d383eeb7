import type { Deployer, DeploymentRequest } from '@millrace/deployer-contract';
import { commonOptions } from '@millrace/deployer-contract';
import type { BrokenDeployer } from './sabotage.ts';

/** Scales by deploying anew. */
function anew(real: Deployer): Partial<Deployer> {
  const requests = new Map<string, DeploymentRequest>();
  return {
    deploy: (request) => {
      requests.set(real.idOf(request), request);
      return real.deploy(request);
    },
    scale: async (id, count) => {
      const request = requests.get(id)!;
      const deploymentProperties = { ...request.deploymentProperties, [commonOptions.count.name]: String(count) };
      await real.undeploy(id);
      await real.deploy({ ...request, deploymentProperties });
    },
  };
}

export const brokenScaling: readonly BrokenDeployer[] = [
  {
    name: 'starts all anew to scale',
    sabotage: anew,
    caughtBy: [
      'scaling › more instances come beside those that run',
      'scaling › the highest numbers go first, and the next ones come again',
      'scaling › the same count again changes nothing',
    ],
  },
  {
    name: 'does not scale',
    sabotage: () => ({ scale: async () => undefined }),
    caughtBy: ['scaling › more instances come beside those that run', 'scaling › fewer instances remain'],
  },
  {
    name: 'keeps the numbers of the highest instances',
    sabotage: (real) => ({
      status: async (id) => {
        const status = await real.status(id);
        const instances = status.instances.map((each) => ({ ...each, index: each.index + (status.wanted === 2 ? 1 : 0) }));
        return { ...status, instances };
      },
    }),
    caughtBy: ['scaling › the highest numbers go first, and the next ones come again'],
  },
  {
    name: 'does not know what was scaled to zero',
    sabotage: (real) => ({
      status: async (id) => {
        const status = await real.status(id);
        return status.wanted === 0 ? { ...status, state: 'unknown' } : status;
      },
    }),
    caughtBy: ['scaling › none at all is deployed, too, and can be made more again'],
  },
  {
    name: 'does not look at the count of a repeated request',
    sabotage: (real) => ({
      deploy: async (request) => {
        const id = real.idOf(request);
        const { wanted, state } = await real.status(id);
        const kept = { ...request.deploymentProperties, [commonOptions.count.name]: String(wanted) };
        return real.deploy(state === 'unknown' ? request : { ...request, deploymentProperties: kept });
      },
    }),
    caughtBy: ['scaling › deploying the same with another count scales'],
  },
  {
    name: 'takes any number for a count',
    sabotage: (real) => ({ scale: (id, count) => real.scale(id, Number.isInteger(count) && count >= 0 ? count : 1) }),
    caughtBy: ['scaling › a count that is none is refused'],
  },
];
