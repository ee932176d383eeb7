import type { AppStatus } from '@millrace/dataflow-client';
import type { Outcome, ShellCommand, ShellContext } from '../command.ts';
import { drawProperties, drawTable } from '../table.ts';
import type { Row } from '../table.ts';
import { flag } from './values.ts';

const middle = ['left', 'center', 'center'] as const;

const instanceOptions = [
  {
    name: 'appId',
    help: 'the deployment id of the application',
    mandatory: true,
    isDefault: true,
    complete: async ({ client }: ShellContext) => (await client.runtime.apps()).map(({ deploymentId }) => deploymentId),
  },
  { name: 'instanceId', help: 'the id of the instance', mandatory: true },
  { name: 'endpoint', help: 'the actuator endpoint, such as health or bindings/input', mandatory: true },
];

/** Commands for what runs. */
export const runtimeCommands: readonly ShellCommand[] = [
  {
    name: 'runtime apps',
    description: 'List runtime apps',
    options: [
      { name: 'summary', help: 'whether to hide app instance details', whenGiven: 'true', otherwise: 'false' },
      {
        name: 'appIds',
        alias: 'appId',
        help: "app id(s) to display, also supports '<group>.*' pattern",
        complete: async ({ client }) => (await client.runtime.apps()).map(({ deploymentId }) => deploymentId),
      },
    ],
    run: async ({ client, width }, values) => {
      const apps = chosen(await client.runtime.apps(), values['appIds']);
      return flag(values, 'summary') ? summary(apps, width) : details(apps, width);
    },
  },
  {
    name: 'runtime actuator get',
    description: 'Show what an actuator endpoint of an app instance answers',
    options: instanceOptions,
    run: async ({ client }, { appId = '', instanceId = '', endpoint = '' }) => {
      const text = await client.runtime.actuator(appId, instanceId, endpoint);
      return { text, data: text };
    },
  },
  {
    name: 'runtime actuator post',
    description: 'Post to an actuator endpoint of an app instance',
    options: [...instanceOptions, { name: 'data', help: 'the body, as JSON', otherwise: '{}' }],
    run: async ({ client }, { appId = '', instanceId = '', endpoint = '', data = '{}' }) => {
      await client.runtime.postToActuator(appId, instanceId, endpoint, JSON.parse(data));
      return { text: `Posted to '${endpoint}' of '${instanceId}'` };
    },
  },
];

function chosen(apps: readonly AppStatus[], ids: string | undefined): readonly AppStatus[] {
  if (ids === undefined) return apps;
  const wanted = ids.split(',').map((id) => id.trim());
  const fits = (id: string): boolean =>
    wanted.some((each) => (each.endsWith('.*') ? id.startsWith(each.slice(0, -1)) : id === each));
  return apps.filter(({ deploymentId }) => fits(deploymentId));
}

function summary(apps: readonly AppStatus[], width: number): Outcome {
  const heading = ['App Id', 'Unit Status', 'No. of Instances'];
  const rows = apps.map(({ deploymentId, state, instances }): Row => ({
    cells: [deploymentId, state, String(instances.length)],
    align: middle,
    line: 'solid',
  }));
  return { text: `${drawTable({ heading, rows }, width)}\n`, data: apps };
}

function details(apps: readonly AppStatus[], width: number): Outcome {
  const heading = ['App Id / Instance Id', 'Unit Status', 'No. of Instances / Attributes'];
  const rows = apps.flatMap(({ deploymentId, state, instances }): readonly Row[] => [
    { cells: [deploymentId, state, String(instances.length)], align: middle, line: instances.length > 0 ? 'dotted' : 'solid' },
    ...instances.map(({ instanceId, state: instanceState, attributes }, i): Row => ({
      cells: [instanceId, instanceState, drawProperties(attributes)],
      align: ['middle', 'center', 'left'],
      line: i === instances.length - 1 ? 'solid' : 'dotted',
    })),
  ]);
  return { text: `${drawTable({ heading, rows }, width)}\n`, data: apps };
}
