import { pathToFileURL } from 'node:url';
import { Catalogue, isAppDefinition } from '@millrace/apps';
import type { AppDefinition, AppToRun } from '@millrace/apps';
import { messageOf } from '@millrace/core';
import type { HostedApp } from '@millrace/deployer-contract';
import { raise } from './errors.ts';

/**
 * The apps that a deployer wants this process to run: stock ones by name, others from their modules. Throws `APP_UNKNOWN`
 * (`NOT_FOUND`) and `MODULE_BROKEN` (`INVALID_ARGUMENT`).
 */
export async function loadHostedApps(apps: readonly HostedApp[]): Promise<readonly [AppToRun, ...AppToRun[]]> {
  const [first, ...rest] = await Promise.all(
    apps.map(async (app) => ({ definition: await load(app), properties: app.properties })),
  );
  return [first!, ...rest];
}

async function load({ label, resource }: HostedApp): Promise<AppDefinition> {
  if (resource.kind === 'builtin') return new Catalogue().require(resource.type, resource.name);
  const { path } = resource;
  const exported = await importModule(label, path);
  const found = [...new Set(Object.values(exported).filter((value) => isAppDefinition(value)))];
  const chosen = isAppDefinition(exported['default']) ? exported['default'] : found[0];
  if (chosen === undefined) throw raise('MODULE_BROKEN', { label, path, problem: 'it exports no app' });
  if (found.length > 1 && chosen !== exported['default']) {
    const names = found.map(({ name }) => name).join(', ');
    throw raise('MODULE_BROKEN', { label, path, problem: `it exports several apps (${names}) and none of them by default` });
  }
  return chosen;
}

async function importModule(label: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw raise('MODULE_BROKEN', { label, path, problem: messageOf(error) }, error);
  }
}
