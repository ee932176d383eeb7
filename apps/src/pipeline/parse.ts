import { hash } from 'node:crypto';
import { defineStream, parseStream } from '@millrace/pipeline-dsl';
import type { StreamDefinition, StreamNode } from '@millrace/pipeline-dsl';
import type { PipelineText } from './options.ts';

/** A pipeline's text, taken apart. */
export interface ParsedPipeline extends StreamDefinition {
  readonly node: StreamNode;
}

/**
 * Parses pipelines. One without a name is named after its text, `pipeline-4f1c2a`: started again it goes on where it was, and it shares
 * no consumer group with another that has no name either. Throws the errors of the language.
 */
export function parsePipelines(texts: readonly PipelineText[]): readonly ParsedPipeline[] {
  const taken = new Set<string>();
  return texts.map(({ name, dsl }) => {
    const own = parseStream(dsl, name === undefined ? {} : { name });
    const node = own.name === undefined ? parseStream(dsl, { name: freeName(dsl, taken) }) : own;
    taken.add(node.name!);
    return { ...defineStream(node), node };
  });
}

function freeName(dsl: string, taken: ReadonlySet<string>): string {
  const name = `pipeline-${hash('sha256', dsl).slice(0, 6)}`;
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
