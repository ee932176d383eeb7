import { randomUUID } from 'node:crypto';
import type { AppSpec, Deployer, DeployerCapabilities, DeploymentRequest } from '@millrace/deployer-contract';
import type { BrokenDeployer, Sabotage } from './sabotage.ts';

/** A deployer that changes every request before it does the right thing. */
function changing(change: (request: DeploymentRequest) => DeploymentRequest): Sabotage {
  return (real) => ({ deploy: (request) => real.deploy(change(request)) });
}

function withApp(request: DeploymentRequest, change: (app: AppSpec) => Partial<AppSpec>): DeploymentRequest {
  const [first, ...rest] = request.apps.map((app) => ({ ...app, ...change(app) }));
  return { ...request, apps: [first!, ...rest] };
}

function withProperties(
  request: DeploymentRequest,
  keep: (entry: readonly [string, string]) => boolean,
  shown: (value: string) => string = (value) => value,
): DeploymentRequest {
  return withApp(request, ({ properties }) => ({
    properties: Object.fromEntries(
      Object.entries(properties)
        .filter(keep)
        .map(([name, value]) => [name, shown(value)]),
    ),
  }));
}

const capabilities = (real: Deployer, change: Partial<DeployerCapabilities>): DeployerCapabilities =>
  Object.freeze({ ...real.capabilities, ...change });

export const brokenCalls: readonly BrokenDeployer[] = [
  {
    name: 'declares capabilities that may change',
    sabotage: (real) => ({ capabilities: { ...real.capabilities } }),
    caughtBy: ['identity › capabilities are frozen data'],
  },
  {
    name: 'gives another id than it said',
    sabotage: (real) => ({ idOf: (request) => `${real.idOf(request)}-x` }),
    caughtBy: ['identity › the id of a request is known before, and differs by name and by group'],
  },
  {
    name: 'takes any text for a name',
    sabotage: (real) => ({
      deploy: (request) => real.deploy({ ...request, name: /^[A-Za-z0-9][\w.-]*$/.test(request.name) ? request.name : 'tamed' }),
    }),
    caughtBy: ['identity › names that are more than names are refused'],
  },
  {
    name: 'has an error for what does not exist',
    sabotage: (real) => ({
      status: async (id) => {
        const status = await real.status(id);
        return status.state === 'unknown' ? { ...status, state: 'error' } : status;
      },
    }),
    caughtBy: ['identity › an unknown id has the state unknown and no instances'],
  },
  {
    name: 'fails to undeploy what does not exist',
    sabotage: (real) => ({
      undeploy: async (id) => {
        if (!(await real.list()).includes(id)) throw new Error('there is none');
        await real.undeploy(id);
      },
    }),
    caughtBy: ['identity › undeploying what does not exist resolves', 'lifecycle › undeploying twice at once is harmless'],
  },
  {
    name: 'raises errors without a code',
    sabotage: () => ({ scale: () => Promise.reject(new Error('no')) }),
    caughtBy: ['identity › scaling and reading logs of what does not exist fail', 'scaling › a count that is none is refused'],
  },
  {
    name: 'does not know what it is',
    sabotage: (real) => ({ environmentInfo: async () => ({ ...(await real.environmentInfo()), deployerVersion: '' }) }),
    caughtBy: ['identity › says what the platform is'],
  },
  {
    name: 'works on after it was closed',
    sabotage: () => ({ close: async () => undefined }),
    caughtBy: ['identity › nothing works once it is closed, and closing again is harmless'],
  },
  {
    name: 'loses properties that are empty',
    sabotage: changing((request) => withProperties(request, ([, value]) => value !== '')),
    caughtBy: ['configuration › properties arrive as they were given'],
  },
  {
    name: 'trims properties',
    sabotage: changing((request) =>
      withProperties(
        request,
        () => true,
        (value) => value.trim(),
      ),
    ),
    caughtBy: ['configuration › properties arrive as they were given'],
  },
  {
    name: 'takes arguments apart at blanks, as a shell does',
    sabotage: changing((request) => ({ ...request, arguments: (request.arguments ?? []).flatMap((each) => each.split(' ')) })),
    caughtBy: ['configuration › arguments arrive as they were given'],
  },
  {
    name: 'does not fill in secrets',
    sabotage: changing((request) =>
      withProperties(
        request,
        () => true,
        (value) => value.replace('${secret:', '${not-secret:'),
      ),
    ),
    caughtBy: [
      'configuration › secrets are filled in at the launch and shown nowhere',
      'configuration › a secret that cannot be had is named, and nothing runs',
    ],
  },
  {
    name: 'shows secrets to watchers',
    sabotage: (real, shared) => ({
      watch: (listener) =>
        real.watch((status) => {
          const instances = status.instances.map((each) => ({ ...each, message: Object.values(shared.secrets).join() }));
          listener({ ...status, instances });
        }),
    }),
    caughtBy: ['configuration › secrets are filled in at the launch and shown nowhere'],
  },
  {
    name: 'ignores deployment properties that it does not know',
    sabotage: (real) => ({
      deploy: ({ deploymentProperties = {}, ...request }) => {
        const known = Object.entries(deploymentProperties).filter(([name]) => !name.endsWith('cuont'));
        return real.deploy({ ...request, deploymentProperties: Object.fromEntries(known) });
      },
    }),
    caughtBy: ['failure › a deployment property that does not exist is refused, with the one that may be meant'],
  },
  {
    name: 'warns of nothing',
    sabotage: (real) => ({
      validate: async (request) => {
        await real.validate(request);
        return [];
      },
    }),
    caughtBy: ['failure › properties of other platforms are ignored, and said to be'],
  },
  {
    name: 'runs what it does not declare',
    sabotage: (real) => ({
      deploy: (request) => {
        const [{ label, properties }] = request.apps;
        const { deploymentProperties, name } = request;
        const plain = { label, properties, resource: { kind: 'executable', path: '/test-app' } } as const;
        return real.deploy({ name, apps: [plain], ...(deploymentProperties && { deploymentProperties }) });
      },
    }),
    caughtBy: [
      'failure › what cannot be run is refused, and nothing is left of it',
      'failure › apps in one process are refused where that is not declared',
    ],
  },
  {
    name: 'follows logs though it does not declare it',
    sabotage: (real) => ({ capabilities: capabilities(real, { followsLogs: false }) }),
    caughtBy: ['logs › following is refused where it is not declared'],
  },
  {
    name: 'says that it starts again what has ended, and does not',
    sabotage: (real) => ({ capabilities: capabilities(real, { restartsInstances: true }) }),
    caughtBy: ['failure › what has ended is started again by the platform'],
  },
  {
    name: 'takes every request for a new one',
    sabotage: changing((request) => withApp(request, ({ properties }) => ({ properties: { ...properties, salt: randomUUID() } }))),
    caughtBy: [
      'lifecycle › deploying the same again leaves what runs alone',
      'lifecycle › the same deployed many times at once runs once',
      'restart of the deployer › deploying the same again is harmless, something else refused',
    ],
  },
];
