import type { MetadataReader } from '../registry/metadata-reader.ts';
import { read, shownText } from '../streams/definitions.ts';
import type { Stream, StoredStream, StreamDefinitions } from '../streams/definitions.ts';
import { stateSentences } from '../streams/states.ts';
import type { StreamStates } from '../streams/states.ts';
import { summary } from './apps.ts';
import { pageOf } from './pages.ts';
import type { ListForm } from './pages.ts';
import { flag, optional, required } from './parameters.ts';
import { pathOf, selfLink } from './route.ts';
import type { Answer, Call, Route } from './route.ts';

/** Starts and ends what definitions stand for. */
export interface StreamLife {
  /** Deploys with these properties. */
  deploy(name: string, properties: unknown, actor: string | undefined): Promise<void>;
  /** Resolves when nothing of the stream runs any more or is wanted to. */
  undeploy(name: string, actor: string | undefined): Promise<void>;
}

/** What the routes of definitions need. */
export interface StreamParts {
  readonly streams: StreamDefinitions;
  readonly states: StreamStates;
  readonly life: StreamLife;
  readonly metadata: MetadataReader;
}

/** `/streams/definitions` and `/streams/validation`. */
export function streamRoutes(parts: StreamParts): readonly Route[] {
  const { streams, states, life } = parts;
  const remove = async (name: string, actor: string | undefined): Promise<void> => {
    await streams.get(name);
    await life.undeploy(name, actor);
    await streams.remove(name, actor);
  };
  return [
    { method: 'GET', path: '/streams/definitions', role: 'VIEW', run: async (call) => list(call, await streams.all(), states) },
    { method: 'POST', path: '/streams/definitions', role: 'CREATE', run: async (call) => create(call, parts) },
    {
      method: 'DELETE',
      path: '/streams/definitions',
      role: 'DESTROY',
      async run({ actor }) {
        for (const { name } of await streams.all()) await remove(name, actor);
        return {};
      },
    },
    {
      method: 'GET',
      path: '/streams/definitions/:name',
      role: 'VIEW',
      run: async (call) => ({ body: resource(call, await streams.get(call.path['name']!), states) }),
    },
    {
      method: 'DELETE',
      path: '/streams/definitions/:name',
      role: 'DESTROY',
      async run({ path, actor }) {
        await remove(path['name']!, actor);
        return {};
      },
    },
    {
      method: 'GET',
      path: '/streams/definitions/:name/related',
      role: 'VIEW',
      async run(call) {
        const found = await streams.related(call.path['name']!, flag(call.parameters, 'nested'));
        return list(
          call,
          found.map(({ stored }) => stored),
          states,
        );
      },
    },
    {
      method: 'GET',
      path: '/streams/definitions/:name/applications',
      role: 'VIEW',
      run: async (call) => ({
        body: (await streams.applications(call.path['name']!)).map(([app, label]) => ({
          ...summary(app, undefined, label),
          _links: selfLink(call, pathOf('apps', app.type, app.name, app.version)),
        })),
      }),
    },
    { method: 'GET', path: '/streams/validation/:name', role: 'VIEW', run: async (call) => validate(call, parts) },
  ];
}

function list(call: Call, streams: readonly StoredStream[], states: StreamStates): Answer {
  const search = optional(call.parameters, 'search')?.toLowerCase();
  const found = search === undefined ? streams : streams.filter(({ name }) => name.toLowerCase().includes(search));
  return pageOf(call, found, listForm(call, states));
}

function listForm(call: Call, states: StreamStates): ListForm<StoredStream> {
  return {
    key: 'streamDefinitionResourceList',
    type: 'StreamDefinition',
    sortable: {
      name: ({ name }) => name,
      dslText: ({ dsl }) => dsl,
      originalDslText: (stream) => stream.original_dsl,
      description: ({ description }) => description,
    },
    show: (stored) => resource(call, read(stored), states),
  };
}

async function create(call: Call, { streams, states, life }: StreamParts): Promise<Answer> {
  const { parameters, body, actor } = call;
  const name = required(parameters, 'name');
  const text = required(parameters, 'definition');
  const stream = await streams.create({ name, text, description: parameters.get('description') ?? '' }, actor);
  if (flag(parameters, 'deploy')) await life.deploy(name, body, actor);
  return { status: 201, body: resource(call, stream, states) };
}

/** A definition as clients see it. */
function resource(call: Call, { stored, definition }: Stream, states: StreamStates): object {
  const { name, description } = stored;
  const status = states.of(name);
  const text = shownText(definition);
  return {
    name,
    dslText: text,
    originalDslText: text,
    status,
    description,
    statusDescription: stateSentences[status],
    _links: selfLink(call, pathOf('streams', 'definitions', name)),
  };
}

async function validate(call: Call, { streams, metadata }: StreamParts): Promise<Answer> {
  const { stored } = await streams.get(call.path['name']!);
  const apps = await streams.applications(stored.name);
  const statuses = await Promise.all(
    apps.map(async ([app]) => [`${app.type}:${app.name}`, await metadata.isReachable(app)] as const),
  );
  const appStatuses = Object.fromEntries(statuses.map(([key, isValid]) => [key, isValid ? 'valid' : 'invalid']));
  return { body: { appName: stored.name, dsl: textOf(stored), description: stored.description, appStatuses } };
}

/** As it was written, unless there are secrets in it. */
function textOf(stored: StoredStream): string {
  const shown = shownText(read(stored).definition);
  return shown === stored.dsl ? stored.original_dsl : shown;
}
