import type { About, RuntimeEnvironmentDetails } from '@millrace/dataflow-client';
import type { ShellCommand } from '../command.ts';
import { drawProperties, drawTable } from '../table.ts';
import type { Row } from '../table.ts';

/** Commands about the server itself. */
export const serverCommands: readonly ShellCommand[] = [
  {
    name: 'dataflow config server',
    description: 'Configure the data-flow server to use',
    local: true,
    options: [
      { name: 'uri', help: 'the location of the data-flow REST endpoint', isDefault: true, otherwise: 'http://localhost:9393' },
      { name: 'username', help: 'the username for authenticated access' },
      { name: 'password', help: 'the password for authenticated access (valid only with a username)' },
      { name: 'token', help: 'a bearer token for authenticated access' },
    ],
    run: async (context, { uri = '', username, password, token }) => ({
      text: await context.connect({ uri, username, password, token }),
    }),
  },
  {
    name: 'dataflow config info',
    description: 'Show the data-flow server being used',
    options: [],
    run: async ({ client, target, width }) => {
      const about = await client.about();
      return { text: `${drawTable({ rows: infoRows(about, target) }, width)}\n`, data: { ...target, about } };
    },
  },
  {
    name: 'audit list',
    description: 'List what was done, the newest first',
    options: [
      {
        name: 'operations',
        help: 'only of these kinds of things: APP_REGISTRATION, STREAM, TASK, SCHEDULE, LOGIN',
        isDefault: true,
      },
      { name: 'actions', help: 'only these actions: CREATE, DELETE, DEPLOY, ROLLBACK, UNDEPLOY, UPDATE, LOGIN_SUCCESS' },
      { name: 'size', help: 'how many', otherwise: '20' },
    ],
    run: async ({ client, width }, { operations, actions, size }) => {
      const { items } = await client.audit({
        ...(operations === undefined ? {} : { operations: operations.split(',') }),
        ...(actions === undefined ? {} : { actions: actions.split(',') }),
        size: Number(size),
        sort: 'id,desc',
      });
      const rows = items.map((each) => ({
        cells: [
          String(each.auditRecordId),
          each.createdOn,
          each.createdBy ?? '',
          each.auditAction,
          each.auditOperation,
          each.correlationId ?? '',
          each.auditData ?? '',
        ],
      }));
      const heading = ['Id', 'Time', 'By', 'Action', 'Operation', 'Of', 'What'];
      return { text: `${drawTable({ heading, rows }, width)}\n`, data: items };
    },
  },
];

const centered = ['center', 'center'] as const;

function infoRows(
  { featureInfo, versionInfo, securityInfo, runtimeEnvironment }: About,
  target: { uri: string; result: string },
): readonly Row[] {
  const features = Object.entries(featureInfo)
    .filter(([, value]) => typeof value === 'boolean')
    .map(([name, value]) => [words(name), value as boolean] as const);
  features.push(['Grafana Enabled', featureInfo['monitoringDashboardType'] === 'GRAFANA']);
  const versions = Object.values(versionInfo).flatMap((each) => (each?.version ? [[each.name, each.version] as const] : []));
  const { authenticated, authenticationEnabled, username, roles } = securityInfo;
  const user = username ? { Username: username, Roles: `[${(roles ?? []).join(', ')}]` } : {};
  const security = { Authenticated: authenticated, 'Authentication Enabled': authenticationEnabled, ...user };
  const { appDeployer, taskLaunchers } = runtimeEnvironment;
  return [
    { ...row('Target', target.uri), align: centered },
    { ...row('Result', target.result), align: centered },
    row('Features', drawProperties(Object.fromEntries(features.toSorted(([a], [b]) => (a < b ? -1 : 1))), ': ')),
    row('Versions', drawProperties(Object.fromEntries(versions), ': ')),
    row('Security', drawProperties(security, ': ')),
    ...environmentRows('Skipper Deployer', appDeployer),
    ...taskLaunchers.flatMap((launcher) => environmentRows('Task Launcher', launcher)),
  ];
}

function row(name: string, text: string, line: Row['line'] = 'solid'): Row {
  return { cells: [name, text], align: ['center', 'left'], line };
}

function environmentRows(name: string, details: RuntimeEnvironmentDetails): readonly Row[] {
  const { platformSpecificInfo, ...rest } = details;
  const entries = Object.entries(rest).map(([key, value]) => [words(key), value ?? ''] as const);
  const specific = Object.entries(platformSpecificInfo ?? {});
  const first = row(name, drawProperties(Object.fromEntries(entries), ': '), specific.length > 0 ? 'dotted' : 'solid');
  return specific.length === 0 ? [first] : [first, row('Platform Specific', drawProperties(Object.fromEntries(specific), ': '))];
}

/** `analyticsEnabled` as `Analytics Enabled`. */
function words(name: string): string {
  const spaced = name.replaceAll(/([a-z])([A-Z])/g, '$1 $2');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
