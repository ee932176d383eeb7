import { messageOf } from '@millrace/core';
import { problem } from '@millrace/dataflow-api';
import { DslError, parseTask, taskGraphToText, taskToGraph } from '@millrace/pipeline-dsl';
import type { TaskGraph } from '@millrace/pipeline-dsl';
import type { Answer, Route } from './route.ts';

/** `/tools`: tasks as text and as graphs. */
export const toolRoutes: readonly Route[] = [
  { method: 'POST', path: '/tools/parseTaskTextToGraph', role: 'VIEW', run: ({ body }) => toGraph(body) },
  { method: 'POST', path: '/tools/convertTaskGraphToText', role: 'VIEW', run: ({ body }) => toText(body) },
];

function toGraph(body: unknown): Answer {
  const { name, dsl } = record(body);
  if (typeof dsl !== 'string') throw problem('TASK_TEXT_MISSING', {});
  try {
    const graph = taskToGraph(parseTask(dsl, typeof name === 'string' && name !== '' ? { name } : {}));
    return { body: { graph, dsl: null, errors: [] } };
  } catch (error) {
    if (!(error instanceof DslError)) throw error;
    return { body: { graph: null, dsl: null, errors: errorsOf(error) } };
  }
}

/** Each broken rule with its place, each as one line. */
function errorsOf(error: DslError): readonly object[] {
  const problems = error.problems.length > 0 ? error.problems : [{ ...error.site, dslCode: error.dslCode, message: error.message }];
  return problems.map(({ dslCode, position, message }) => ({ position, message: `${dslCode}E:(pos ${position}): ${message}` }));
}

function toText(body: unknown): Answer {
  const { nodes, links } = record(body);
  if (!Array.isArray(nodes) || !Array.isArray(links))
    throw problem('GRAPH_INVALID', { problem: 'Graph is malformed - problems finding START and END nodes' });
  try {
    return { body: { graph: null, dsl: taskGraphToText(body as TaskGraph), errors: [] } };
  } catch (error) {
    throw problem('GRAPH_INVALID', { problem: messageOf(error) }, error);
  }
}

function record(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
}
