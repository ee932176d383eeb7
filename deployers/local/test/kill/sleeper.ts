import type { DeploymentRequest } from '@millrace/deployer-contract';

/** A deployment of a program that does nothing: its instances are up as soon as they are started. */
export function sleeper(count: number, name = 'sleeper'): DeploymentRequest {
  return {
    name,
    apps: [{ label: name, resource: { kind: 'executable', path: '/bin/sleep' }, properties: { 'server.port': '0' } }],
    deploymentProperties: { 'spring.cloud.deployer.count': String(count) },
    arguments: ['600'],
  };
}
