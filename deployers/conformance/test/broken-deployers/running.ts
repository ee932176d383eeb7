import type { DeploymentRequest, InstanceStatus } from '@millrace/deployer-contract';
import type { BrokenDeployer } from './sabotage.ts';

function instances(change: (instance: InstanceStatus) => Partial<InstanceStatus>): BrokenDeployer['sabotage'] {
  return (real) => ({
    status: async (id) => {
      const status = await real.status(id);
      const changed = status.instances.map((each) => ({ ...each, ...change(each) }));
      const states = new Set(changed.map(({ state }) => state));
      return { ...status, instances: changed, state: states.size === 1 ? [...states][0]! : status.state };
    },
  });
}

export const brokenRunning: readonly BrokenDeployer[] = [
  {
    name: 'starts anew what runs when it is deployed again',
    sabotage: (real) => ({
      deploy: async (request) => {
        const id = real.idOf(request);
        if ((await real.list()).includes(id)) await real.undeploy(id);
        return real.deploy(request);
      },
    }),
    caughtBy: [
      'lifecycle › deploying the same again leaves what runs alone',
      'lifecycle › another request under the same name is refused and changes nothing',
      'failure › deploying again starts what has ended, and only that',
    ],
  },
  {
    name: 'replaces what runs by another request',
    sabotage: (real) => ({
      deploy: async (request) => {
        await real.deploy(request).catch(async () => {
          await real.undeploy(real.idOf(request));
          await real.deploy(request);
        });
        return real.idOf(request);
      },
    }),
    caughtBy: ['lifecycle › another request under the same name is refused and changes nothing'],
  },
  {
    name: 'calls deployed what only starts',
    sabotage: instances(({ state }) => (state === 'deploying' ? { state: 'deployed' } : {})),
    caughtBy: ['lifecycle › an app that starts slowly is deploying, then deployed'],
  },
  {
    name: 'still lists what was undeployed',
    sabotage: (real) => {
      const ever = new Set<string>();
      return {
        deploy: async (request) => {
          const id = await real.deploy(request);
          ever.add(id);
          return id;
        },
        list: async () => [...new Set([...(await real.list()), ...ever])],
      };
    },
    caughtBy: ['lifecycle › an app is deployed, undeployed, and deployed again'],
  },
  {
    name: 'returns from undeploy before it is done',
    sabotage: (real) => ({
      undeploy: async (id) => {
        setTimeout(() => void real.undeploy(id).catch(() => undefined), 20);
      },
    }),
    caughtBy: [
      'lifecycle › an app is deployed, undeployed, and deployed again',
      'lifecycle › an app can be undeployed while it starts',
      'lifecycle › calls on the same id take effect in their order',
    ],
  },
  {
    name: 'undeploys neighbours, too',
    sabotage: (real) => ({
      undeploy: async (id) => {
        const start = `${id.split('.')[0]}.`;
        for (const other of await real.list()) if (other.startsWith(start)) await real.undeploy(other);
      },
    }),
    caughtBy: ['lifecycle › deployments of different names do not touch each other'],
  },
  {
    name: 'forgets with which code an app ended',
    sabotage: instances(({ lastEnd }) =>
      lastEnd === undefined ? {} : { lastEnd: { at: 0, reason: 'EXITED', lastLines: lastEnd.lastLines } },
    ),
    caughtBy: [
      'failure › an app that ends at its start is failed, with its exit code and its last lines',
      'failure › an app that ends with 0 is failed, too',
    ],
  },
  {
    name: 'forgets what an app wrote before it ended',
    sabotage: instances(({ lastEnd }) => (lastEnd === undefined ? {} : { lastEnd: { ...lastEnd, lastLines: [] } })),
    caughtBy: [
      'failure › an app that ends at its start is failed, with its exit code and its last lines',
      'restart of the deployer › what ended meanwhile is failed, and deploying again starts it',
    ],
  },
  {
    name: 'gives no reason',
    sabotage: instances(({ state }) => (state === 'failed' ? { reason: 'WHATEVER' as never } : {})),
    caughtBy: [
      'failure › an app that ends at its start is failed, with its exit code and its last lines',
      'failure › an app that says it is not well is failed, and deployed once it is well again',
    ],
  },
  {
    name: 'calls an app that ended with 0 undeployed',
    sabotage: instances(({ lastEnd }) => (lastEnd?.exitCode === 0 ? { state: 'undeployed' } : {})),
    caughtBy: ['failure › an app that ends with 0 is failed, too'],
  },
  {
    name: 'calls the app failed when one instance is',
    sabotage: (real) => ({
      status: async (id) => {
        const status = await real.status(id);
        return status.instances.some(({ state }) => state === 'failed') ? { ...status, state: 'failed' } : status;
      },
    }),
    caughtBy: ['failure › one instance that ends leaves the others alone, and the app is partial'],
  },
  {
    name: 'starts again what has ended, though it does not declare it',
    sabotage: (real) => {
      const requests = new Map<string, DeploymentRequest>();
      return {
        deploy: (request) => {
          requests.set(real.idOf(request), request);
          return real.deploy(request);
        },
        status: async (id) => {
          const status = await real.status(id);
          if (status.state === 'failed') await real.deploy(requests.get(id)!);
          return status;
        },
      };
    },
    caughtBy: ['failure › what has ended stays so until somebody deploys'],
  },
  {
    name: 'does not see that an app is unwell',
    sabotage: instances(({ reason }) => (reason === 'UNHEALTHY' ? { state: 'deployed' } : {})),
    caughtBy: ['failure › an app that says it is not well is failed, and deployed once it is well again'],
  },
  {
    name: 'does not see that an app is well again',
    sabotage: (real) => {
      const unwell = new Set<string>();
      return {
        status: async (id) => {
          const status = await real.status(id);
          if (status.state === 'failed') unwell.add(id);
          return unwell.has(id) ? { ...status, state: 'failed' } : status;
        },
      };
    },
    caughtBy: ['failure › an app that says it is not well is failed, and deployed once it is well again'],
  },
];
