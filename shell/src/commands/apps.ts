import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@millrace/core';
import { ServerError } from '@millrace/dataflow-client';
import type { AppDetail, ApplicationType, AppRegistration } from '@millrace/dataflow-client';
import type { OptionValues, Outcome, ShellCommand, ShellContext } from '../command.ts';
import { raise } from '../errors.ts';
import { drawTable } from '../table.ts';
import { flag } from './values.ts';

const types = ['app', 'source', 'processor', 'sink', 'task'] as const;

const idOption = {
  name: 'id',
  help: "id of the application to query in the form of 'type:name'",
  isDefault: true,
  complete: async ({ client }: ShellContext) => (await client.apps.all()).map(({ type, name }) => `${type}:${name}`),
};

const typeOption = (help: string) => ({ name: 'type', help, mandatory: true, complete: async () => types });
const appName = (help: string) => ({ name: 'name', help, mandatory: true, isDefault: true, complete: namesOfType });
const versionOption = (help: string) => ({
  name: 'version',
  help,
  complete: async ({ client }: ShellContext, _: string, { name, type }: OptionValues) =>
    (await client.apps.all()).filter((app) => app.name === name && app.type === type).map(({ version }) => version),
});
const forceOption = (help: string) => ({ name: 'force', help, whenGiven: 'true', otherwise: 'false' });

/** Commands of the registry. */
export const appCommands: readonly ShellCommand[] = [
  {
    name: 'app list',
    description: 'List all registered applications',
    options: [idOption],
    run: async ({ client, width }, { id }) => {
      const apps = await client.apps.all();
      if (id === undefined) return listed(apps, width);
      const { type, name } = parseId(id);
      return versionsListed(
        apps.filter((app) => app.type === type && app.name === name),
        width,
      );
    },
  },
  {
    name: 'app info',
    description: 'Get information about an application',
    options: [
      appName('name of the application to query'),
      typeOption('type of the application to query'),
      versionOption('the version for the registered application'),
      {
        name: 'exhaustive',
        help: 'return all metadata, including common Spring Boot properties',
        whenGiven: 'true',
        otherwise: 'false',
      },
    ],
    run: appInfo,
  },
  {
    name: 'app register',
    description: 'Register a new application',
    options: [
      { ...appName('the name for the registered application'), complete: async () => [] },
      typeOption('the type for the registered application'),
      { name: 'uri', help: 'URI for the application artifact', mandatory: true },
      { name: 'metadata-uri', help: 'Metadata URI for the application artifact' },
      { name: 'version', help: 'the version, where the URI does not tell it' },
      forceOption('force update if application is already registered (only if not in use)'),
    ],
    run: async ({ client }, values) => {
      const { name = '', uri = '', version } = values;
      const type = parseType(values['type']);
      await client.apps.register({ type, name, uri, version, metadataUri: values['metadata-uri'], force: flag(values, 'force') });
      return { text: `Successfully registered application '${type}:${name}'` };
    },
  },
  {
    name: 'app unregister',
    description: 'Unregister an application',
    options: [
      appName('name of the application to unregister'),
      typeOption('type of the application to unregister'),
      versionOption('the version application to unregister'),
    ],
    run: async ({ client }, { name = '', type, version }) => {
      await client.apps.unregister(parseType(type), name, version);
      const what = version === undefined ? '' : ` and version '${version}'`;
      const text = `Successfully unregistered application '${name}' with type '${type}'${what}.`;
      const rest = (await client.apps.all()).filter((app) => app.name === name && app.type === type);
      const lost = rest.length > 0 && !rest.some(({ defaultVersion }) => defaultVersion);
      return { text: lost ? `${text}\nThe remaining versions have no default; choose one with 'app default'.` : text };
    },
  },
  {
    name: 'app all unregister',
    description: 'Unregister all applications',
    options: [],
    run: async ({ client }) => {
      await client.apps.unregisterAll();
      const kept = (await client.apps.all()).map(({ name, type, version }) => `[${name}:${type}:${version}]`);
      const text = 'Successfully unregistered applications.';
      if (kept.length === 0) return { text };
      const why = 'The following were not unregistered as they are associated with an existing stream:';
      return { text: `${text} ${why} ${kept.join(' ')}`, data: kept };
    },
  },
  {
    name: 'app default',
    description: 'Change the default application version',
    options: [
      { ...idOption, mandatory: true },
      { name: 'version', help: 'the new default application version', mandatory: true },
    ],
    run: async ({ client }, { id = '', version = '' }) => {
      const { type, name } = parseId(id);
      await client.apps.makeDefault(type, name, version);
      return { text: `New default Application ${type}:${name}:${version}` };
    },
  },
  {
    name: 'app import',
    description: 'Register all applications listed in a properties file',
    options: [
      { name: 'uri', help: 'URI for the properties file', mandatory: true, isDefault: true },
      {
        name: 'local',
        help: 'whether to resolve the URI locally (as opposed to on the server)',
        whenGiven: 'true',
        otherwise: 'true',
      },
      forceOption('force update if any module already exists (only if not in use)'),
    ],
    run: async ({ client }, values) => {
      const { uri = '' } = values;
      const from = flag(values, 'local') ? { apps: await readList(uri) } : { uri };
      const imported = await client.apps.import(from, flag(values, 'force'));
      if (!flag(values, 'local'))
        return { text: `Successfully registered ${imported.length} applications from '${uri}'`, data: imported };
      const names = imported.map(({ type, name }) => `${type}.${name}`).join(', ');
      return { text: `Successfully registered ${imported.length} applications from [${names}]`, data: imported };
    },
  },
];

async function namesOfType({ client }: ShellContext, _: string, { type }: OptionValues): Promise<readonly string[]> {
  const apps = await client.apps.all();
  return [...new Set(apps.filter((app) => type === undefined || app.type === type).map(({ name }) => name))];
}

function parseType(text = ''): ApplicationType {
  if ((types as readonly string[]).includes(text)) return text as ApplicationType;
  throw raise('OPTION_VALUE', { command: 'app', option: 'type', rule: `must be one of ${types.join(', ')}`, value: text });
}

function parseId(id: string): { readonly type: ApplicationType; readonly name: string } {
  const [type, name, more] = id.split(':');
  if (name === undefined || name === '' || more !== undefined)
    throw raise('OPTION_VALUE', { command: 'app', option: 'id', rule: "must have the form 'type:name'", value: id });
  return { type: parseType(type), name };
}

/** Lines of `type.name=uri` from a file or an address, read here. */
async function readList(uri: string): Promise<string> {
  try {
    if (/^https?:/.test(uri)) {
      const response = await fetch(uri, { signal: AbortSignal.timeout(30_000) });
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
      return await response.text();
    }
    return await readFile(uri.startsWith('file:') ? fileURLToPath(uri) : uri, 'utf8');
  } catch (error) {
    throw raise('FILE_UNREADABLE', { file: uri, problem: messageOf(error) }, error);
  }
}

/** A column per type, the names of each in their order. */
function listed(apps: readonly AppRegistration[], width: number): Outcome {
  if (apps.length === 0)
    return {
      text: "No registered apps.\nYou can register new apps with the 'app register' and 'app import' commands.",
      data: apps,
    };
  const columns = types.map((type) => [...new Set(apps.filter((app) => app.type === type).map(({ name }) => name))].toSorted());
  return { text: columnsText(columns, width), data: apps };
}

function versionLabel({ name, version, defaultVersion }: AppRegistration): string {
  return defaultVersion ? `> ${name}-${version} <` : `${name}-${version}`;
}

function versionsListed(apps: readonly AppRegistration[], width: number): Outcome {
  return {
    text: columnsText(
      types.map((type) => apps.filter((app) => app.type === type).map(versionLabel)),
      width,
    ),
    data: apps,
  };
}

function columnsText(columns: readonly (readonly string[])[], width: number): string {
  const height = Math.max(0, ...columns.map((column) => column.length));
  const rows = Array.from({ length: height }, (_, row) => ({ cells: columns.map((column) => column[row] ?? '') }));
  return `${drawTable({ heading: types, rows }, width)}\n`;
}

async function appInfo(context: ShellContext, values: OptionValues): Promise<Outcome> {
  const { name = '', version } = values;
  const type = parseType(values['type']);
  try {
    const info = await context.client.apps.info(type, name, version, flag(values, 'exhaustive'));
    return { text: infoText(info, context.width), data: info };
  } catch (error) {
    if (error instanceof ServerError && error.status === 404)
      return {
        text: `Application info is not available for ${type}:${name}${version === undefined ? '' : `:${version}`}`,
        data: null,
      };
    throw error;
  }
}

function infoText(info: AppDetail, width: number): string {
  const head = [
    `Information about ${info.type} application '${info.name}':`,
    `Version: '${info.version}':`,
    `Default application version: '${info.defaultVersion}':`,
    `Resource URI: ${info.uri}`,
  ];
  if (info.options === undefined || info.options === null)
    return [...head, 'Application options metadata is not available'].join('\n');
  const rows = info.options.map(({ id, description, defaultValue, type }) => ({
    cells: [id, description ?? '<unknown>', defaultText(defaultValue), type ?? '<unknown>'],
  }));
  return [
    ...head,
    `${drawTable({ heading: ['Option Name', 'Description', 'Default', 'Type'], rows }, Math.min(width, 125))}\n`,
  ].join('\n');
}

function defaultText(value: unknown): string {
  if (value === undefined || value === null) return '<none>';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
