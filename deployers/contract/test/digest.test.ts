import { expect, it } from 'vitest';
import { requestDigest } from '../src/index.ts';
import type { DeploymentRequest } from '../src/index.ts';

const app = { label: 'a', resource: { kind: 'jar', path: '/a.jar' }, properties: { x: '1', y: '2' } } as const;
const request: DeploymentRequest = { name: 'a', apps: [app], deploymentProperties: { m: '1', n: '2' }, arguments: ['--a'] };
const digest = requestDigest(request);

it('is the same whatever the order of properties', () => {
  const apps = [{ ...app, properties: { y: '2', x: '1' } }] as const;
  expect(requestDigest({ ...request, apps, deploymentProperties: { n: '2', m: '1' } })).toBe(digest);
});

it('is the same for another number of instances', () => {
  const apps = [{ ...app, properties: { ...app.properties, 'spring.cloud.stream.instanceCount': '5' } }] as const;
  expect(
    requestDigest({
      ...request,
      apps,
      deploymentProperties: { ...request.deploymentProperties, 'spring.cloud.deployer.count': '5' },
    }),
  ).toBe(digest);
});

it.each<readonly [string, Partial<DeploymentRequest>]>([
  ['name', { name: 'b' }],
  ['label', { apps: [{ ...app, label: 'b' }] }],
  ['resource', { apps: [{ ...app, resource: { kind: 'jar', path: '/b.jar' } }] }],
  ['property', { apps: [{ ...app, properties: { x: '1', y: '3' } }] }],
  ['second app', { apps: [app, app] }],
  ['deployment property', { deploymentProperties: { m: '1' } }],
  ['arguments', { arguments: ['--a', '--b'] }],
])('differs by the %s', (_, change) => expect(requestDigest({ ...request, ...change })).not.toBe(digest));
