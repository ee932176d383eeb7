import { problem } from '@millrace/dataflow-api';
import type { MetadataReader } from '../registry/metadata-reader.ts';
import { shownTaskText } from '../tasks/definitions.ts';
import type { StoredTask, TaskDefinitions } from '../tasks/definitions.ts';
import { emptyPage, pageOf } from './pages.ts';
import { choices, optional, required } from './parameters.ts';
import { pathOf, selfLink } from './route.ts';
import type { Answer, Call, Route } from './route.ts';

/** What the routes of tasks need. */
export interface TaskParts {
  readonly tasks: TaskDefinitions;
  readonly metadata: MetadataReader;
}

/** `/tasks`: definitions. Nothing runs them yet, and the lists of what ran say so by being empty. */
export function taskRoutes(parts: TaskParts): readonly Route[] {
  const { tasks } = parts;
  return [
    { method: 'GET', path: '/tasks/definitions', role: 'VIEW', run: async (call) => list(call, await tasks.all()) },
    { method: 'POST', path: '/tasks/definitions', role: 'CREATE', run: async (call) => create(call, tasks) },
    {
      method: 'DELETE',
      path: '/tasks/definitions',
      role: 'DESTROY',
      async run({ actor }) {
        await tasks.removeAll(actor);
        return {};
      },
    },
    {
      method: 'GET',
      path: '/tasks/definitions/:name',
      role: 'VIEW',
      run: async (call) => ({ body: resource(call, await tasks.get(call.path['name']!)) }),
    },
    {
      method: 'DELETE',
      path: '/tasks/definitions/:name',
      role: 'DESTROY',
      async run({ path, actor }) {
        await tasks.remove(path['name']!, actor);
        return {};
      },
    },
    { method: 'GET', path: '/tasks/validation/:name', role: 'VIEW', run: async (call) => validate(call, parts) },
    ...executionRoutes(tasks),
  ];
}

function executionRoutes(tasks: TaskDefinitions): readonly Route[] {
  const launch = async ({ parameters }: Call): Promise<never> => {
    const { name } = await tasks.get(required(parameters, 'name'));
    throw problem('LAUNCH_UNSUPPORTED', { name });
  };
  const ofName = async (call: Call, key: string): Promise<Answer> => {
    const name = optional(call.parameters, 'name');
    if (name !== undefined) await tasks.get(name);
    checkSort(call);
    return emptyPage({ ...call, query: withoutSort(call.query) }, key);
  };
  return [
    { method: 'GET', path: '/tasks/platforms', role: 'VIEW', run: (call) => emptyPage(call, 'launcherResourceList') },
    { method: 'GET', path: '/tasks/ctr/options', role: 'VIEW', run: () => ({ body: [] }) },
    { method: 'POST', path: '/tasks/executions/launch', role: 'DEPLOY', run: launch },
    { method: 'POST', path: '/tasks/executions', role: 'DEPLOY', run: launch },
    { method: 'GET', path: '/tasks/executions', role: 'VIEW', run: async (call) => ofName(call, 'taskExecutionResourceList') },
    {
      method: 'GET',
      path: '/tasks/thinexecutions',
      role: 'VIEW',
      run: async (call) => ofName(call, 'taskExecutionThinResourceList'),
    },
    { method: 'DELETE', path: '/tasks/executions', role: 'DESTROY', run: () => ({}) },
    { method: 'GET', path: '/tasks/executions/current', role: 'VIEW', run: () => ({ body: [] }) },
    {
      method: 'GET',
      path: '/tasks/info/executions',
      role: 'VIEW',
      run: (call) => ({ body: { totalExecutions: 0, _links: selfLink(call, '/tasks/info/executions') } }),
    },
    { method: 'GET', path: '/tasks/executions/:id', role: 'VIEW', run: unknown },
    { method: 'POST', path: '/tasks/executions/:id', role: 'DEPLOY', run: unknown },
    { method: 'DELETE', path: '/tasks/executions/:id', role: 'DESTROY', run: unknown },
    { method: 'GET', path: '/tasks/executions/external/:id', role: 'VIEW', run: unknown },
    {
      method: 'GET',
      path: '/tasks/logs/:id',
      role: 'VIEW',
      run({ wantsText }) {
        const text = 'Log could not be retrieved as the task instance is not running.';
        return wantsText ? { body: text, headers: { 'content-type': 'text/plain;charset=UTF-8' } } : { body: text };
      },
    },
  ];
}

const executionColumns = new Set(
  (
    'TASK_EXECUTION_ID START_TIME END_TIME TASK_NAME EXIT_CODE EXIT_MESSAGE ERROR_MESSAGE LAST_UPDATED EXTERNAL_EXECUTION_ID ' +
    'PARENT_EXECUTION_ID SCHEMA_TARGET'
  ).split(' '),
);

function checkSort({ query }: Call): void {
  for (const text of query.getAll('sort')) {
    const column = text.split(',')[0]!;
    if (column !== '' && !executionColumns.has(column.toUpperCase())) throw problem('SORT_COLUMN_UNKNOWN', { column });
  }
}

function withoutSort(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => name !== 'sort'));
}

function list(call: Call, tasks: readonly StoredTask[]): Answer {
  const { parameters } = call;
  const name = optional(parameters, 'taskName') ?? optional(parameters, 'search');
  const [description, dsl] = [optional(parameters, 'description'), optional(parameters, 'dslText')];
  const given = ['taskName', 'search', 'description', 'dslText'].filter((each) => optional(parameters, each) !== undefined);
  if (given.length > 1) throw problem('TASK_FILTERS', {});
  const found = tasks.filter(
    (task) => contains(task.name, name) && contains(task.description, description) && contains(task.dsl, dsl),
  );
  return pageOf(call, found, {
    key: 'taskDefinitionResourceList',
    type: 'TaskDefinition',
    sortable: {
      taskName: (task) => task.name,
      name: (task) => task.name,
      dslText: (task) => task.dsl,
      description: (task) => task.description ?? '',
    },
    show: (task) => resource(call, task),
  });
}

async function create(call: Call, tasks: TaskDefinitions): Promise<Answer> {
  const { parameters, actor } = call;
  const name = required(parameters, 'name');
  const text = required(parameters, 'definition');
  return { body: resource(call, await tasks.create({ name, text, description: parameters.get('description') ?? '' }, actor)) };
}

/** A definition as clients see it. It never ran. */
function resource(call: Call, task: StoredTask): object {
  return {
    name: task.name,
    dslText: shownTaskText(task),
    description: task.description,
    composed: task.is_composed === 1,
    composedTaskElement: task.parent !== null,
    lastTaskExecution: null,
    status: 'UNKNOWN',
    _links: selfLink(call, pathOf('tasks', 'definitions', task.name)),
  };
}

async function validate(call: Call, { tasks, metadata }: TaskParts): Promise<Answer> {
  const task = await tasks.get(call.path['name']!);
  const apps = await tasks.applications(task.name);
  const statuses = await Promise.all(
    apps.map(async ([label, app]) => {
      const isValid = app !== undefined && (await metadata.isReachable(app));
      return [`task:${task.is_composed === 1 ? `${task.name}-${label}` : task.name}`, isValid ? 'valid' : 'invalid'] as const;
    }),
  );
  const appStatuses = Object.fromEntries(statuses);
  return { body: { appName: task.name, dsl: shownTaskText(task), description: task.description, appStatuses } };
}

function unknown({ path, parameters }: Call): never {
  choices(parameters, 'action', ['CLEANUP', 'REMOVE_DATA']);
  throw problem('EXECUTION_UNKNOWN', { id: path['id']!, target: optional(parameters, 'schemaTarget') ?? 'boot2' });
}

function contains(text: string | null, wanted: string | undefined): boolean {
  return wanted === undefined || (text ?? '').toLowerCase().includes(wanted.toLowerCase());
}
