import { problem } from '@millrace/dataflow-api';
import type { ApplicationType } from '@millrace/dataflow-api';
import { noMetadata } from '../registry/metadata.ts';
import type { AppMetadata, AppOption } from '../registry/metadata.ts';
import { parseAppList } from '../registry/import-list.ts';
import { applicationTypes } from '../registry/registry.ts';
import type { Registration, Registry } from '../registry/registry.ts';
import type { ListReader } from '../registry/list-reader.ts';
import type { AppsInUse } from '../streams/definitions.ts';
import { pageOf } from './pages.ts';
import type { ListForm } from './pages.ts';
import { choice, flag, optional, required } from './parameters.ts';
import { pathOf, selfLink } from './route.ts';
import type { Answer, Call, Route } from './route.ts';

/** Reads what an application can be told. */
export interface MetadataReader {
  /** `undefined` where it cannot be had. */
  read(app: Registration): Promise<AppMetadata | undefined>;
}

/** What the routes of applications need. */
export interface AppParts {
  readonly registry: Registry;
  readonly metadata: MetadataReader;
  readonly lists: ListReader;
  readonly inUse: AppsInUse;
}

/** `/apps`: the registry. */
export function appRoutes(parts: AppParts): readonly Route[] {
  const { registry } = parts;
  return [
    { method: 'GET', path: '/apps', role: 'VIEW', run: async (call) => list(call, registry) },
    { method: 'POST', path: '/apps', role: 'CREATE', run: async (call) => importList(call, parts) },
    {
      method: 'DELETE',
      path: '/apps',
      role: 'DESTROY',
      async run({ actor }) {
        for (const app of await registry.all()) await parts.inUse.check(app);
        await registry.unregisterAll(actor);
        return {};
      },
    },
    ...['/apps/:type/:name', '/apps/:type/:name/:version'].flatMap((path) => routesOfOne(path, parts)),
    {
      method: 'PUT',
      path: '/apps/:type/:name/:version',
      role: 'MODIFY',
      async run(call) {
        const { type, name, version } = named(call);
        await registry.makeDefault(type, name, version!, call.actor);
        return { status: 202 };
      },
    },
  ];
}

function routesOfOne(path: string, { registry, metadata, inUse }: AppParts): readonly Route[] {
  return [
    {
      method: 'GET',
      path,
      role: 'VIEW',
      async run(call) {
        const { type, name, version } = named(call);
        const app = await registry.get(type, name, version);
        return { body: detail(app, (await metadata.read(app)) ?? noMetadata, flag(call.parameters, 'exhaustive')) };
      },
    },
    {
      method: 'POST',
      path,
      role: 'CREATE',
      async run(call) {
        const { parameters, actor } = call;
        const app = {
          ...named(call),
          uri: required(parameters, 'uri'),
          metadataUri: optional(parameters, 'metadata-uri'),
          bootVersion: optional(parameters, 'bootVersion'),
          force: flag(parameters, 'force'),
        };
        await registry.register(app, actor);
        return { status: 201 };
      },
    },
    {
      method: 'DELETE',
      path,
      role: 'DESTROY',
      async run(call) {
        const { type, name, version } = named(call);
        const app = await registry.get(type, name, version);
        await inUse.check(app);
        await registry.unregister(type, name, app.version, call.actor);
        return {};
      },
    },
  ];
}

function named({ path }: Call): { readonly type: ApplicationType; readonly name: string; readonly version?: string } {
  const type = choice(path['type']!, 'type', applicationTypes);
  return { type, name: path['name']!, ...(path['version'] === undefined ? {} : { version: path['version'] }) };
}

async function list(call: Call, registry: Registry): Promise<Answer> {
  const { parameters } = call;
  const type = optional(parameters, 'type');
  const wanted = type === undefined ? undefined : choice(type, 'type', applicationTypes);
  const search = optional(parameters, 'search')?.toLowerCase();
  const version = optional(parameters, 'version');
  const isDefaultOnly = flag(parameters, 'defaultVersion');
  const all = await registry.all();
  const found = all.filter(
    (app) =>
      (wanted === undefined || app.type === wanted) &&
      (search === undefined || app.name.toLowerCase().includes(search)) &&
      (version === undefined || app.version === version) &&
      (!isDefaultOnly || app.is_default === 1),
  );
  return pageOf(call, found, listForm(call, isDefaultOnly ? all : undefined));
}

async function importList(call: Call, { registry, lists }: AppParts): Promise<Answer> {
  const { parameters, actor } = call;
  const uri = optional(parameters, 'uri');
  const text = uri === undefined ? (parameters.get('apps') ?? '') : await lists.read(uri);
  const registered = await registry.import(parseAppList(text), flag(parameters, 'force'), actor);
  return pageOf(call, registered, listForm(call), 201);
}

/** `others`: where the versions of each name are to be shown. */
function listForm(call: Call, others?: readonly Registration[]): ListForm<Registration> {
  return {
    key: 'appRegistrationResourceList',
    type: 'AppRegistration',
    sortable: {
      name: ({ name }) => name,
      type: ({ type }) => applicationTypes.indexOf(type),
      version: ({ version }) => version,
      uri: ({ uri }) => uri,
      bootVersion: (app) => app.boot_version,
      defaultVersion: (app) => app.is_default,
      id: ({ id }) => id,
    },
    show(app) {
      const versions = others?.filter(({ type, name }) => type === app.type && name === app.name).map(({ version }) => version);
      return { ...summary(app, versions), _links: selfLink(call, pathOf('apps', app.type, app.name, app.version)) };
    },
  };
}

/** An application as lists show it, without links. */
export function summary(app: Registration, versions?: readonly string[], label?: string): object {
  const { name, type, uri, version } = app;
  return {
    name,
    type,
    uri,
    version,
    defaultVersion: app.is_default === 1,
    bootVersion: app.boot_version,
    versions: versions ?? null,
    label: label ?? null,
  };
}

function detail(app: Registration, { description, options, visible, inputs, outputs }: AppMetadata, isExhaustive: boolean): object {
  const shown = isExhaustive ? options : options.filter(({ id }) => visible.has(id));
  return {
    ...summary(app),
    options: shown.map(optionForm),
    shortDescription: description ?? null,
    inboundPortNames: inputs,
    outboundPortNames: outputs,
    optionGroups: {},
  };
}

function optionForm(option: AppOption): object {
  const { id, name, type, description, defaultValue, choices } = option;
  return {
    id,
    name,
    type: type ?? null,
    description: description ?? null,
    shortDescription: option.shortDescription ?? null,
    defaultValue: defaultValue ?? null,
    hints: {
      keyHints: [],
      keyProviders: [],
      valueHints: (choices ?? []).map((value) => ({ value, description: null, shortDescription: null })),
      valueProviders: [],
    },
    deprecation: option.deprecation ?? null,
    deprecated: option.deprecation !== undefined,
  };
}

/** As {@link MetadataReader.read}; throws where there is no such application. */
export function unknownApp(type: string, name: string): Error {
  return problem('APP_UNKNOWN', { app: `${type}:${name}` });
}
