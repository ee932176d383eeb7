import { hostText, hostVariable } from '@millrace/deployer-contract';
import type { DeploymentRequest, HostedApp } from '@millrace/deployer-contract';
import type { Settings } from '../settings.ts';

type Variables = Readonly<Record<string, string>>;

/** The variables by which processes are known to be a deployer's, whatever is left of its records. */
export const marks = { deployer: 'MILLRACE_DEPLOYER', deployment: 'MILLRACE_DEPLOYMENT' } as const;

/** Who an instance is. */
export interface InstanceIdentity {
  readonly deployment: string;
  readonly index: number;
  readonly port: number;
}

/** Where an instance's environment comes from. */
export interface EnvironmentSources {
  /** The server's own. */
  readonly server: NodeJS.ProcessEnv;
  /** Given to every app. */
  readonly given: Variables;
  /** The value of the deployer's mark. */
  readonly mark: string;
}

/**
 * All that an instance finds in its environment: what is inherited by name, what every app is given, who it is, and its configuration.
 * `request` has its secrets filled in.
 */
export function environmentOf(
  request: DeploymentRequest,
  settings: Settings,
  instance: InstanceIdentity,
  sources: EnvironmentSources,
): Variables {
  const [first, ...others] = request.apps;
  const properties = { ...(others.length === 0 ? first.properties : {}), ...instanceProperties(settings, instance) };
  return {
    ...inherited(sources.server, settings.envVarsToInherit),
    ...sources.given,
    ...identityVariables(request, settings, instance),
    ...(settings.useSpringApplicationJson ? { SPRING_APPLICATION_JSON: JSON.stringify(properties) } : asVariables(properties)),
    ...hostVariables(request),
    [marks.deployer]: sources.mark,
    [marks.deployment]: instance.deployment,
  };
}

function inherited(server: NodeJS.ProcessEnv, patterns: readonly string[]): Variables {
  const allowed = patterns.map((pattern) => new RegExp(`^(?:${pattern})$`));
  const found = Object.entries(server).filter(([name]) => allowed.some((pattern) => pattern.test(name)));
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function instanceProperties(settings: Settings, { deployment, index, port }: InstanceIdentity): Variables {
  return {
    'instance.index': String(index),
    'spring.cloud.stream.instanceIndex': String(index),
    'spring.application.index': String(index),
    'spring.cloud.application.guid': guidOf(deployment, index),
    ...(settings.group === '' ? {} : { 'spring.cloud.application.group': settings.group }),
    'server.port': String(port),
    'spring.jmx.default-domain': deployment,
    'endpoints.jmx.unique-names': 'true',
  };
}

// Beside the JSON, which only Spring and our apps read.
function identityVariables(
  request: DeploymentRequest,
  settings: Settings,
  { deployment, index, port }: InstanceIdentity,
): Variables {
  const asked = request.apps[0].properties['spring.cloud.stream.instanceCount'];
  return {
    INSTANCE_INDEX: String(index),
    SPRING_APPLICATION_INDEX: String(index),
    SPRING_CLOUD_STREAM_INSTANCE_INDEX: String(index),
    SPRING_CLOUD_STREAM_INSTANCE_COUNT: asked ?? String(Math.max(1, settings.count)),
    SPRING_CLOUD_APPLICATION_GUID: guidOf(deployment, index),
    ...(settings.group === '' ? {} : { SPRING_CLOUD_APPLICATION_GROUP: settings.group }),
    SERVER_PORT: String(port),
  };
}

function asVariables(properties: Variables): Variables {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name.replace(/[^A-Za-z0-9]/g, '_').toUpperCase(), value]),
  );
}

/** The name of an instance in the world. */
export function guidOf(deployment: string, index: number): string {
  return `${deployment}-${index}`;
}

// A single app has its configuration where every app has it; apps that share a process cannot.
function hostVariables({ apps }: DeploymentRequest): Variables {
  const hosted = apps.filter((app): app is HostedApp => app.resource.kind === 'builtin' || app.resource.kind === 'module');
  if (hosted.length === 0) return {};
  return { [hostVariable]: hostText(apps.length === 1 ? hosted.map((app) => ({ ...app, properties: {} })) : hosted) };
}
