import { platform, release } from 'node:os';
import { rootDocument } from '@millrace/dataflow-api';
import { selfLink } from './route.ts';
import type { Route } from './route.ts';

/** The version of Spring Cloud Data Flow whose API this is: official clients choose by it what they ask for. */
const apiVersion = '2.11.5';

/** What is told of the server. */
export interface ServerInfo {
  /** Of the server itself. */
  readonly version: string;
  /** Platforms by name, with their type. */
  readonly platforms: Readonly<Record<string, string>>;
  readonly isAuthenticating: boolean;
}

/** The root document, `/about`, `/security/info` and `/management`. */
export function serverRoutes(info: ServerInfo): readonly Route[] {
  const security = (actor: string | undefined) => ({
    authenticationEnabled: info.isAuthenticating,
    authenticated: actor !== undefined,
    username: actor ?? null,
    roles: [],
  });
  return [
    { method: 'GET', path: '/', role: 'VIEW', run: ({ base }) => ({ body: rootDocument(base) }) },
    {
      method: 'GET',
      path: '/about',
      role: 'VIEW',
      run: (call) => ({ body: { ...about(info, security(call.actor)), _links: selfLink(call, '/about') } }),
    },
    {
      method: 'GET',
      path: '/security/info',
      role: undefined,
      run: (call) => ({ body: { ...security(call.actor), _links: selfLink(call, '/security/info') } }),
    },
    plain('/management/health', undefined, () => ({ status: 'UP' })),
    plain('/management/info', undefined, () => build(info)),
    {
      method: 'GET',
      path: '/dashboard',
      role: undefined,
      run: ({ base }) => ({ status: 302, headers: { location: `${base}/dashboard/index.html` } }),
    },
  ];
}

function plain(path: string, role: Route['role'], document: () => object): Route {
  return {
    method: 'GET',
    path,
    role,
    run: () => ({ body: JSON.stringify(document()), headers: { 'content-type': 'application/json' } }),
  };
}

function about(info: ServerInfo, securityInfo: object): object {
  return {
    featureInfo: {
      analyticsEnabled: true,
      streamsEnabled: true,
      tasksEnabled: true,
      schedulesEnabled: false,
      monitoringDashboardType: 'NONE',
    },
    versionInfo: {
      implementation: { name: 'millrace', version: info.version },
      core: { name: 'Spring Cloud Data Flow Core', version: apiVersion },
      dashboard: { name: 'Millrace Dashboard', version: info.version },
      shell: { name: 'Millrace Shell', version: info.version, url: '' },
    },
    securityInfo,
    runtimeEnvironment: {
      appDeployer: environment(info, 'Millrace', 'Millrace', info.platforms),
      taskLaunchers: [environment(info, 'Millrace', 'Local', {})],
    },
    monitoringDashboardInfo: { url: '', refreshInterval: 15, dashboardType: 'NONE', source: 'default-scdf-source' },
    gitAndBuildInfo: build(info),
  };
}

function environment(
  info: ServerInfo,
  deployerName: string,
  platformType: string,
  specific: Readonly<Record<string, string>>,
): object {
  const system = `${platform()} ${release()}`;
  return {
    deployerImplementationVersion: info.version,
    deployerName,
    deployerSpiVersion: info.version,
    javaVersion: `Node.js ${process.versions.node}`,
    platformApiVersion: system,
    platformClientVersion: release(),
    platformHostVersion: release(),
    platformSpecificInfo: specific,
    platformType,
    springBootVersion: '',
    springVersion: '',
  };
}

function build({ version }: ServerInfo): object {
  return { git: {}, build: { artifact: 'millrace', name: 'Millrace', version, group: '@millrace' } };
}
