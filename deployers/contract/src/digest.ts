import { createHash } from 'node:crypto';
import { relaxedName } from '@millrace/core';
import type { DeploymentRequest } from './request.ts';

/** Properties that change when a deployment is scaled; instances that run keep those they were started with. */
const scaled = new Set(['spring.cloud.deployer.count', 'spring.cloud.stream.instancecount']);

/** A fingerprint by which a repeated request is known. Requests that differ in nothing but the number of instances have the same. */
export function requestDigest(request: DeploymentRequest): string {
  const { name, apps, deploymentProperties = {}, arguments: args = [] } = request;
  const facts = [
    name,
    apps.map(({ label, resource, properties }) => [label, sorted(resource), sorted(properties)]),
    sorted(deploymentProperties),
    args,
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

function sorted(values: object): readonly (readonly [string, unknown])[] {
  return Object.entries(values)
    .filter(([name]) => !scaled.has(relaxedName(name)))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}
