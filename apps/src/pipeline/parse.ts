import { defineStream, parseStream } from '@millrace/pipeline-dsl';
import type { StreamDefinition, StreamNode } from '@millrace/pipeline-dsl';
import type { PipelineText } from './options.ts';

/** A pipeline's text, taken apart. */
export interface ParsedPipeline extends StreamDefinition {
  readonly node: StreamNode;
}

/** Parses pipelines and names those that have no name: `pipeline`, `pipeline-2` and so on. Throws the errors of the language. */
export function parsePipelines(texts: readonly PipelineText[]): readonly ParsedPipeline[] {
  const taken = new Set<string>();
  return texts.map(({ name, dsl }) => {
    const own = parseStream(dsl, name === undefined ? {} : { name });
    const node = own.name === undefined ? parseStream(dsl, { name: freeName(taken) }) : own;
    taken.add(node.name!);
    return { ...defineStream(node), node };
  });
}

function freeName(taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'pipeline' : `pipeline-${number}`;
    if (!taken.has(name)) return name;
  }
}
