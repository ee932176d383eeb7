import { problem } from '@millrace/dataflow-api';
import { completeStream, completeTask } from '@millrace/pipeline-dsl';
import type { Catalogue, Proposal } from '@millrace/pipeline-dsl';
import type { AppMetadata } from '../registry/metadata.ts';
import type { MetadataReader } from '../registry/metadata-reader.ts';
import type { Registration, Registry } from '../registry/registry.ts';
import type { StreamDefinitions } from '../streams/definitions.ts';
import { read } from '../streams/definitions.ts';
import { required, wholeNumber } from './parameters.ts';
import type { Answer, Call, Route } from './route.ts';

/** What completion looks up. */
export interface CompletionParts {
  readonly registry: Registry;
  readonly streams: StreamDefinitions;
  readonly metadata: MetadataReader;
}

/** `/completions`: how a definition can go on. */
export function completionRoutes(parts: CompletionParts): readonly Route[] {
  return [
    { method: 'GET', path: '/completions/stream', role: 'VIEW', run: async (call) => complete(call, parts, completeStream) },
    { method: 'GET', path: '/completions/task', role: 'VIEW', run: async (call) => complete(call, parts, completeTask) },
  ];
}

async function complete(call: Call, parts: CompletionParts, propose: typeof completeStream): Promise<Answer> {
  const start = required(call.parameters, 'start');
  const level = wholeNumber(call.parameters, 'detailLevel') ?? 1;
  if (level < 1) throw problem('DETAIL_LEVEL_INVALID', {});
  const proposals = propose(start, start.length, await catalogue(parts, start, level > 1));
  return { body: { proposals: proposals.map(shown) } };
}

function shown({ text, description }: Proposal): object {
  return description === undefined ? { text } : { text, explanation: description };
}

/** What is registered, with the options of the applications that the text names. */
async function catalogue(
  { registry, streams, metadata }: CompletionParts,
  text: string,
  isExhaustive: boolean,
): Promise<Catalogue> {
  const apps = (await registry.all()).filter((app) => app.is_default === 1);
  const known = new Map<string, AppMetadata>();
  const named = apps.filter(({ name }) => text.includes(name));
  const readAll = named.map(async (app) => {
    const found = await metadata.read(app);
    if (found !== undefined) known.set(`${app.type} ${app.name}`, found);
  });
  const [definitions] = await Promise.all([streams.all(), ...readAll]);
  return {
    apps: () => apps.map(({ name, type }: Registration) => ({ name, type })),
    options: (app, type) => options(known.get(`${type} ${app}`), isExhaustive),
    destinations: () =>
      definitions
        .map(read)
        .flatMap(({ definition }) => definition.apps.slice(0, -1).map(({ label }) => `${definition.name}.${label}`)),
  };
}

function options(found: AppMetadata | undefined, isExhaustive: boolean): ReturnType<Catalogue['options']> {
  const all = found?.options ?? [];
  const wanted = isExhaustive ? all : all.filter(({ id }) => found!.visible.has(id));
  return wanted.map(({ name, type, shortDescription, choices }) => ({
    name,
    ...(type === undefined ? {} : { type: type === 'java.lang.Boolean' ? 'boolean' : type }),
    ...(shortDescription === undefined ? {} : { description: shortDescription }),
    ...(choices === undefined ? {} : { values: choices }),
  }));
}
