import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppSpec } from '@millrace/deployer-contract';
import type { AppHost } from '../src/index.ts';

/** The product's own program for apps of ours. */
export const host: AppHost = {
  entry: fileURLToPath(new URL('../../../cli/src/app-process.ts', import.meta.url)),
  nodeArgs: ['--conditions=development', '--disable-warning=ExperimentalWarning'],
};

const bindings = 'spring.cloud.stream.bindings';
const apps = fileURLToPath(new URL('apps', import.meta.url));

/** The properties by which an app is part of a stream. */
export function inStream(
  stream: string,
  label: string,
  { input, output }: { readonly input?: string; readonly output?: string },
): Readonly<Record<string, string>> {
  return {
    'spring.cloud.dataflow.stream.name': stream,
    'spring.cloud.dataflow.stream.app.label': label,
    ...(input && { [`${bindings}.input.destination`]: `${stream}.${input}`, [`${bindings}.input.group`]: stream }),
    ...(output && {
      [`${bindings}.output.destination`]: `${stream}.${output}`,
      [`${bindings}.output.producer.requiredGroups`]: stream,
    }),
  };
}

/** A source and a sink of modules, bound to each other. */
export function neighbours(stream: string): readonly [AppSpec, AppSpec] {
  return [
    {
      label: 'first',
      resource: { kind: 'module', path: join(apps, 'first.ts') },
      properties: inStream(stream, 'first', { output: 'first' }),
    },
    {
      label: 'second',
      resource: { kind: 'module', path: join(apps, 'second.ts') },
      properties: inStream(stream, 'second', { input: 'first' }),
    },
  ];
}
