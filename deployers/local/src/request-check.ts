import { existsSync } from 'node:fs';
import { checkName, deployerError, deploymentId } from '@millrace/deployer-contract';
import type { AppSpec, DeployerCapabilities, DeploymentRequest } from '@millrace/deployer-contract';
import { isExecutable } from '@millrace/processes';
import { raise } from './errors.ts';
import { commandOf } from './launch/command.ts';
import type { CommandContext } from './launch/command.ts';
import { checkJar } from './launch/java.ts';
import type { Settings } from './settings.ts';

const platform = 'local';

/** The id of a request. Throws `NAME_INVALID`. */
export function idOf(request: DeploymentRequest, settings: Pick<Settings, 'group'>): string {
  checkName('the deployment name', request.name);
  if (settings.group !== '') checkName('the group', settings.group);
  return deploymentId(request.name, settings.group);
}

/** Throws what `deploy` throws for a request that cannot run here, before anything is done for it. */
export function checkRequest(
  request: DeploymentRequest,
  settings: Settings,
  capabilities: DeployerCapabilities,
  context: CommandContext,
): void {
  for (const app of request.apps) {
    checkTexts(app, request.arguments ?? []);
    checkResource(app, capabilities);
  }
  checkFused(request);
  commandOf(request, settings, 0, context);
}

function checkResource({ label, resource }: AppSpec, { resources }: DeployerCapabilities): void {
  const { kind } = resource;
  if (!resources.includes(kind) || kind === 'image')
    throw deployerError('RESOURCE_UNSUPPORTED', { platform, kind, app: label, supported: resources.join(', ') });
  if (kind === 'builtin') return;
  const { path } = resource;
  if (!existsSync(path)) throw deployerError('RESOURCE_MISSING', { app: label, path });
  if (kind === 'jar') checkJar(label, path);
  if (kind === 'executable' && !isExecutable(path)) throw raise('NOT_EXECUTABLE', { app: label, path });
}

function checkFused({ apps, arguments: args = [] }: DeploymentRequest): void {
  if (apps.length === 1) return;
  const names = apps.map(({ label }) => label).join(', ');
  const alone = apps.find(({ resource }) => resource.kind !== 'builtin' && resource.kind !== 'module');
  if (alone !== undefined)
    throw deployerError('FUSE_UNSUPPORTED', { apps: names, problem: `'${alone.label}' is a program of its own` });
  if (args.length > 0)
    throw deployerError('FUSE_UNSUPPORTED', { apps: names, problem: 'nobody could tell whose the command-line arguments are' });
}

function checkTexts({ label, properties }: AppSpec, args: readonly string[]): void {
  const refuse = (what: string) => {
    throw deployerError('TEXT_INVALID', { what, app: label });
  };
  for (const [name, value] of Object.entries(properties)) if (`${name}${value}`.includes('\0')) refuse(`the property '${name}'`);
  if (args.some((each) => each.includes('\0'))) refuse('a command-line argument');
}
