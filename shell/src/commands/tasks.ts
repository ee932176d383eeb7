import type { TaskExecution } from '@millrace/dataflow-client';
import type { OptionValues, ShellCommand, ShellContext } from '../command.ts';
import { javaDate } from '../dates.ts';
import { drawProperties, drawTable } from '../table.ts';
import { validationOutcome } from './streams.ts';
import { confirmed, propertiesOf, wholeNumber } from './values.ts';

const taskName = (help: string) => ({
  name: 'name',
  help,
  mandatory: true,
  isDefault: true,
  complete: async ({ client }: ShellContext) => (await client.tasks.all()).map(({ name }) => name),
});
const executionId = { name: 'id', help: 'the task execution id', mandatory: true, isDefault: true };

/** Commands for tasks. */
export const taskCommands: readonly ShellCommand[] = [
  {
    name: 'task list',
    description: 'List created tasks',
    options: [],
    run: async ({ client, width }) => {
      const tasks = await client.tasks.all();
      const rows = tasks.map(({ name, dslText, description, status }) => ({ cells: [name, dslText, description ?? '', status] }));
      const heading = ['Task Name', 'Task Definition', 'description', 'Task Status'];
      return { text: `${drawTable({ heading, rows }, width)}\n`, data: tasks };
    },
  },
  {
    name: 'task create',
    description: 'Create a new task definition',
    options: [
      { ...taskName('the name to give to the task'), complete: async () => [] },
      {
        name: 'definition',
        help: 'a task definition, using the DSL (e.g. "timestamp --format=YYYY")',
        mandatory: true,
        complete: async ({ client }, begun) => (await client.completeTask(begun)).map(({ text }) => text),
      },
      { name: 'description', help: 'a short description about the task', otherwise: '' },
    ],
    run: async ({ client }, { name = '', definition = '', description }) => {
      const created = await client.tasks.create({ name, definition, description });
      return { text: `Created new task '${name}'`, data: created };
    },
  },
  {
    name: 'task destroy',
    description: 'Destroy an existing task',
    options: [
      taskName('the name of the task to destroy'),
      { name: 'cleanup', help: 'also remove the records of its executions', whenGiven: 'true' },
    ],
    run: async ({ client }, { name = '', cleanup }) => {
      await client.tasks.destroy(name, cleanup === 'true' ? true : undefined);
      return { text: `Destroyed task '${name}'` };
    },
  },
  {
    name: 'task all destroy',
    description: 'Destroy all existing tasks',
    options: [{ name: 'force', help: 'bypass confirmation prompt', whenGiven: 'true', otherwise: 'false' }],
    run: async (context, values) => {
      if (!(await confirmed(context, values, 'task all destroy', 'Really destroy all tasks?'))) return { text: '' };
      await context.client.tasks.destroyAll();
      return { text: 'All tasks destroyed' };
    },
  },
  {
    name: 'task validate',
    description: 'Validate apps contained in task definitions',
    options: [taskName('the task definition name')],
    run: async ({ client, width }, { name = '' }) => validationOutcome('task', name, await client.tasks.validate(name), width),
  },
  {
    name: 'task platform-list',
    description: 'List platform accounts for tasks',
    options: [],
    run: async ({ client, width }) => {
      const platforms = await client.tasks.platforms();
      const rows = platforms.map(({ name, type, description }) => ({ cells: [name, type, description ?? ''] }));
      const heading = ['Platform Name', 'Platform Type', 'Description'];
      return { text: `${drawTable({ heading, rows }, width)}\n`, data: platforms };
    },
  },
  {
    name: 'task launch',
    description: 'Launch a previously created task',
    options: [
      taskName('the name of the task to launch'),
      { name: 'properties', help: 'the properties for this launch' },
      { name: 'propertiesFile', help: 'the properties for this launch (as a File)' },
      { name: 'arguments', help: 'the commandline arguments for this launch', otherwise: '' },
      { name: 'platformName', help: 'the platform name to use for this launch' },
    ],
    run: launch,
  },
  {
    name: 'task execution list',
    description: 'List created task executions filtered by taskName',
    options: [{ name: 'name', help: 'the task name to be used as a filter' }],
    run: async ({ client, width }, { name }) => {
      const { items } = await client.tasks.executions(name);
      const rows = items.map((each) => ({
        cells: [
          each.taskName,
          String(each.executionId),
          javaDate(each.startTime),
          javaDate(each.endTime),
          String(each.exitCode ?? ''),
        ],
      }));
      const heading = ['Task Name', 'ID', 'Start Time', 'End Time', 'Exit Code'];
      return { text: `${drawTable({ heading, rows }, width)}\n`, data: items };
    },
  },
  {
    name: 'task execution current',
    description: 'Display count of currently executing tasks and related information',
    options: [],
    run: async ({ client, width }) => {
      const current = await client.tasks.current();
      const rows = current.map(({ name, type, runningExecutionCount, maximumTaskExecutions }) => ({
        cells: [name, type, String(runningExecutionCount), String(maximumTaskExecutions)],
      }));
      const heading = ['Platform Name', 'Platform Type', 'Execution Count', 'Maximum Executions'];
      return { text: `${drawTable({ heading, rows }, width)}\n`, data: current };
    },
  },
  {
    name: 'task execution status',
    description: 'Display the details of a specific task execution',
    options: [executionId],
    run: async ({ client, width }, values) => {
      const execution = await client.tasks.execution(wholeNumber(values, 'id'));
      const rows = executionRows(execution).map((cells) => ({ cells }));
      return { text: `${drawTable({ heading: ['Key', 'Value'], rows }, width)}\n`, data: execution };
    },
  },
  {
    name: 'task execution log',
    description: 'Retrieve task execution log',
    options: [executionId, { name: 'platform', help: 'the platform of the task execution' }],
    run: async ({ client }, values) => {
      const { externalExecutionId } = await client.tasks.execution(wholeNumber(values, 'id'));
      const text = await client.tasks.log(externalExecutionId ?? '', values['platform']);
      return { text, data: text };
    },
  },
  {
    name: 'task execution stop',
    description: 'Stop executing tasks',
    options: [
      { name: 'ids', help: 'the task execution id', mandatory: true, isDefault: true },
      { name: 'platformName', help: 'the name of the platform where the task is executing' },
    ],
    run: async ({ client }, { ids = '', platformName }) => {
      await client.tasks.stop(ids, platformName);
      return { text: `Request to stop the task execution with id(s): ${ids} has been submitted` };
    },
  },
  {
    name: 'task execution cleanup',
    description: 'Clean up any platform specific resources linked to a task execution',
    options: [executionId],
    run: async ({ client }, values) => {
      const id = wholeNumber(values, 'id');
      await client.tasks.cleanUp(id);
      return { text: `Request to clean up resources for task execution ${id} has been submitted` };
    },
  },
];

async function launch({ client }: ShellContext, values: OptionValues) {
  const { name = '', platformName } = values;
  const platform = platformName === undefined ? {} : { 'spring.cloud.dataflow.task.platformName': platformName };
  const properties = { ...(await propertiesOf(values)), ...platform };
  const text = Object.entries(properties).map(([key, value]) => `${key}=${value}`);
  const id = await client.tasks.launch(name, text.join(','), values['arguments']);
  return { text: `Launched task '${name}' with execution id ${id}`, data: { executionId: id } };
}

function executionRows(execution: TaskExecution): readonly (readonly [string, string])[] {
  const { appProperties, deploymentProperties, jobExecutionIds } = execution;
  return [
    ['Id', String(execution.executionId)],
    ['Resource URL', execution.resourceUrl ?? ''],
    ['Name', execution.taskName],
    ['CLI Arguments', `[${(execution.arguments ?? []).join(', ')}]`],
    ['App Arguments', drawProperties(appProperties ?? {})],
    ['Deployment Properties', drawProperties(deploymentProperties ?? {})],
    ['Job Execution Ids', `[${(jobExecutionIds ?? []).join(', ')}]`],
    ['Start Time', javaDate(execution.startTime)],
    ['End Time', javaDate(execution.endTime)],
    ['Exit Code', String(execution.exitCode ?? '')],
    ['Exit Message', execution.exitMessage ?? ''],
    ['Error Message', execution.errorMessage ?? ''],
    ['External Execution Id', execution.externalExecutionId ?? ''],
  ];
}
