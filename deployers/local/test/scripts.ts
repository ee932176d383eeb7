import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppSpec, DeploymentRequest } from '@millrace/deployer-contract';

/** A program made of a shell script, which listens to nothing. */
export function script(directory: string, text: string, properties: Readonly<Record<string, string>> = {}): AppSpec {
  const path = join(directory, 'program');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return { label: 'program', resource: { kind: 'executable', path }, properties: { 'server.port': '0', ...properties } };
}

/** A request for one app; deployment properties without `spring.cloud.deployer.`. */
export function requestFor(app: AppSpec, properties: Readonly<Record<string, string>> = {}, name = 'app-v1'): DeploymentRequest {
  const named = Object.entries(properties).map(([key, value]) => [`spring.cloud.deployer.${key}`, value] as const);
  return { name, apps: [app], deploymentProperties: Object.fromEntries(named) };
}
