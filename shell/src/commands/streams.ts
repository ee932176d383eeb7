import type { StreamDefinition, Validation } from '@millrace/dataflow-client';
import type { OptionValues, Outcome, ShellCommand, ShellContext } from '../command.ts';
import { javaDate } from '../dates.ts';
import { drawTable } from '../table.ts';
import { confirmed, flag, propertiesOf, wholeNumber } from './values.ts';

const streamName = (help: string) => ({
  name: 'name',
  help,
  mandatory: true,
  isDefault: true,
  complete: async ({ client }: ShellContext) => (await client.streams.all()).map(({ name }) => name),
});
const propertyOptions = (help: string) => [
  { name: 'properties', help },
  { name: 'propertiesFile', help: `${help} (as a File)` },
];
const releaseVersion = (help: string) => ({ name: 'releaseVersion', help, otherwise: '0' });
const forceOption = { name: 'force', help: 'bypass confirmation prompt', whenGiven: 'true', otherwise: 'false' };
const repoOption = { name: 'repoName', help: 'the name of the local repository to upload the package to' };

/** Commands for streams. */
export const streamCommands: readonly ShellCommand[] = [
  {
    name: 'stream list',
    description: 'List created streams',
    options: [],
    run: async ({ client, width }) => {
      const streams = await client.streams.all();
      const heading = ['Stream Name', 'Description', 'Stream Definition', 'Status'];
      const rows = streams.map((each) => ({
        cells: [each.name, each.description, each.originalDslText, statusText(each)],
      }));
      return { text: `${drawTable({ heading, rows }, width)}\n`, data: streams };
    },
  },
  {
    name: 'stream create',
    description: 'Create a new stream definition',
    options: [
      { ...streamName('the name to give to the stream'), complete: async () => [] },
      {
        name: 'definition',
        help: 'a stream definition, using the DSL (e.g. "http --port=9000 | hdfs")',
        mandatory: true,
        complete: async ({ client }, begun) => (await client.completeStream(begun)).map(({ text }) => text),
      },
      { name: 'description', help: 'a short description about the stream', otherwise: '' },
      { name: 'deploy', help: 'whether to deploy the stream immediately', whenGiven: 'true', otherwise: 'false' },
    ],
    run: async ({ client }, values) => {
      const { name = '', definition = '', description } = values;
      const deploy = flag(values, 'deploy');
      const created = await client.streams.create({ name, definition, description, deploy });
      const text = `Created new stream '${name}'`;
      return { text: deploy ? `${text}\nDeployment request has been sent` : text, data: created };
    },
  },
  {
    name: 'stream deploy',
    description: 'Deploy a previously created stream',
    options: [
      streamName('the name of the stream to deploy'),
      ...propertyOptions('the properties for this deployment'),
      { name: 'packageVersion', help: 'the package version of the package to deploy.  Default is 1.0.0', otherwise: '1.0.0' },
      { name: 'platformName', help: 'the name of the target platform to deploy to', complete: platformNames },
      repoOption,
    ],
    run: async ({ client }, values) => {
      const { name = '' } = values;
      await client.streams.deploy(name, { ...(await propertiesOf(values)), ...packageOf(name, values) });
      return { text: `Deployment request has been sent for stream '${name}'` };
    },
  },
  {
    name: 'stream update',
    description: 'Update a previously created stream',
    options: [
      streamName('the name of the stream to update'),
      ...propertyOptions('Flattened YAML style properties to update the stream'),
      { name: 'packageVersion', help: 'the package version of the package to update' },
      repoOption,
      { name: 'force', help: 'force the update', whenGiven: 'true', otherwise: 'false' },
      { name: 'appNames', help: 'the application names to force update' },
    ],
    run: async ({ client }, values) => {
      const { name = '', packageVersion, repoName, appNames } = values;
      await client.streams.update(name, {
        properties: await propertiesOf(values),
        force: flag(values, 'force'),
        appNames: appNames?.split(',').map((each) => each.trim()),
        packageVersion,
        repoName,
      });
      return { text: `Update request has been sent for the stream '${name}'` };
    },
  },
  {
    name: 'stream rollback',
    description: 'Rollback a stream',
    options: [streamName('the name of the stream to rollback'), releaseVersion('the release version to rollback to')],
    run: async ({ client }, values) => {
      await client.streams.rollback(values['name']!, wholeNumber(values, 'releaseVersion'));
      return { text: `Rollback request has been sent for the stream '${values['name']}'` };
    },
  },
  {
    name: 'stream scale app instances',
    description: 'Scale app instances in a stream',
    options: [
      streamName('the name of the stream to scale'),
      { name: 'applicationName', help: 'the name/label of the application to scale', mandatory: true },
      { name: 'count', help: 'desired number of application instances', mandatory: true },
      { name: 'properties', help: 'the properties for this scale' },
    ],
    run: async ({ client }, values) => {
      const { name = '', applicationName = '' } = values;
      await client.streams.scale(name, applicationName, wholeNumber(values, 'count'), await propertiesOf(values));
      return { text: `Scale request has been sent for the stream '${name}'` };
    },
  },
  {
    name: 'stream info',
    description: 'Show information about a specific stream',
    options: [streamName('the name of the stream to show')],
    run: streamInfo,
  },
  {
    name: 'stream history',
    description: 'Get history for the deployed stream',
    options: [streamName('the name of the stream')],
    run: async ({ client, width }, { name = '' }) => {
      const releases = await client.streams.history(name);
      const heading = ['Version', 'Last updated', 'Status', 'Package Name', 'Package Version', 'Description'];
      const rows = releases.map(({ version, info, pkg }) => ({
        cells: [
          String(version),
          javaDate(info.lastDeployed),
          info.status.statusCode,
          pkg.metadata.name,
          pkg.metadata.version,
          info.description ?? '',
        ],
      }));
      return { text: `${drawTable({ heading, rows }, width)}\n`, data: releases };
    },
  },
  {
    name: 'stream manifest',
    description: 'Get manifest for the deployed stream',
    options: [streamName('the name of the stream'), releaseVersion('the release version to get the manifest for')],
    run: async ({ client }, values) => {
      const manifest = await client.streams.manifest(values['name']!, wholeNumber(values, 'releaseVersion'));
      return { text: manifest, data: manifest };
    },
  },
  {
    name: 'stream platform-list',
    description: 'List platforms',
    options: [],
    run: async ({ client, width }) => {
      const platforms = await client.streams.platforms();
      const rows = platforms.map(({ name, type, description }) => ({ cells: [name, type, description ?? ''] }));
      return { text: `${drawTable({ heading: ['Name', 'Type', 'Description'], rows }, width)}\n`, data: platforms };
    },
  },
  {
    name: 'stream logs',
    description: 'Show the newest log lines of a deployed stream',
    options: [
      streamName('the name of the stream'),
      { name: 'app', help: 'only of the application with this deployment id', isDefault: true },
    ],
    run: async ({ client }, { name = '', app }) => {
      const logs = await client.streams.logs(name, app);
      const text = Object.entries(logs).map(([id, lines]) => `${id}:\n${lines.trimEnd()}`);
      return { text: text.join('\n\n'), data: logs };
    },
  },
  {
    name: 'stream validate',
    description: 'Verify that apps contained in the stream are valid.',
    options: [streamName('the name of the stream to validate')],
    run: async ({ client, width }, { name = '' }) => validationOutcome('stream', name, await client.streams.validate(name), width),
  },
  {
    name: 'stream undeploy',
    description: 'Un-deploy a previously deployed stream',
    options: [streamName('the name of the stream to un-deploy')],
    run: async ({ client }, { name = '' }) => {
      await client.streams.undeploy(name);
      return { text: `Un-deployed stream '${name}'` };
    },
  },
  {
    name: 'stream all undeploy',
    description: 'Un-deploy all previously deployed stream',
    options: [forceOption],
    run: async (context, values) => {
      if (!(await confirmed(context, values, 'stream all undeploy', 'Really undeploy all streams?'))) return { text: '' };
      await context.client.streams.undeployAll();
      return { text: 'Un-deployed all the streams' };
    },
  },
  {
    name: 'stream destroy',
    description: 'Destroy an existing stream',
    options: [streamName('the name of the stream to destroy')],
    run: async ({ client }, { name = '' }) => {
      await client.streams.destroy(name);
      return { text: `Destroyed stream '${name}'` };
    },
  },
  {
    name: 'stream all destroy',
    description: 'Destroy all existing streams',
    options: [forceOption],
    run: async (context, values) => {
      if (!(await confirmed(context, values, 'stream all destroy', 'Really destroy all streams?'))) return { text: '' };
      await context.client.streams.destroyAll();
      return { text: 'Destroyed all streams' };
    },
  },
];

/** The tables that say whether the apps of a definition are there. */
export function validationOutcome(kind: 'stream' | 'task', name: string, validation: Validation, width: number): Outcome {
  const { appName, dsl, appStatuses } = validation;
  const title = kind === 'stream' ? 'Stream' : 'Task';
  const isValid = Object.values(appStatuses).every((status) => status === 'valid');
  const definition = drawTable({ heading: [`${title} Name`, `${title} Definition`], rows: [{ cells: [appName, dsl] }] }, width);
  const rows = Object.entries(appStatuses).map((cells) => ({ cells }));
  const apps = drawTable({ heading: ['App Name', 'Validation Status'], rows }, width);
  return { text: `${definition}\n\n\n${name} is ${isValid ? 'a valid' : 'an invalid'} ${kind}.\n${apps}\n`, data: validation };
}

async function streamInfo({ client, width }: ShellContext, { name = '' }: OptionValues): Promise<Outcome> {
  const stream = await client.streams.get(name);
  const deployment = await client.streams.deployment(name);
  const heading = ['Stream Name', 'Stream Definition', 'Description', 'Status'];
  const rows = [{ cells: [stream.name, stream.originalDslText, stream.description, stream.status] }];
  const table = `${drawTable({ heading, rows }, width)}\n`;
  const properties = JSON.parse(deployment.deploymentProperties || '{}') as Readonly<Record<string, unknown>>;
  const data = { ...stream, deploymentProperties: properties };
  if (Object.keys(properties).length === 0) return { text: table, data };
  return { text: `${table}\nStream Deployment properties: ${springJson(properties)}`, data };
}

/** JSON as Java's usual printer indents it. */
function springJson(value: object): string {
  return JSON.stringify(value, null, 2).replaceAll(/^(\s*"(?:[^"\\]|\\.)*"):/gm, '$1 :');
}

function statusText({ status, statusDescription }: StreamDefinition): string {
  return statusDescription === '' ? status : statusDescription;
}

function packageOf(name: string, { packageVersion = '', platformName, repoName }: OptionValues): Readonly<Record<string, string>> {
  const prefix = 'spring.cloud.dataflow.skipper';
  return {
    [`${prefix}.packageName`]: name,
    [`${prefix}.packageVersion`]: packageVersion,
    ...(platformName === undefined ? {} : { [`${prefix}.platformName`]: platformName }),
    ...(repoName === undefined ? {} : { [`${prefix}.repoName`]: repoName }),
  };
}

async function platformNames({ client }: ShellContext): Promise<readonly string[]> {
  return (await client.streams.platforms()).map(({ name }) => name);
}
