import type { Link, Links } from './resources.ts';

/** The revision of Spring Cloud Data Flow's REST API that the server speaks; official clients refuse every other. */
export const apiRevision = 14;

/** Paths that begin with a placeholder are URI templates. A relation with several links is a list of paths. */
const relations: Readonly<Record<string, string | readonly string[]>> = {
  dashboard: '/dashboard',
  'audit-records': '/audit-records',
  'schema/versions': '/schema/versions',
  'schema/targets': '/schema/targets',
  'streams/definitions': '/streams/definitions',
  'streams/definitions/definition': '/streams/definitions/{name}',
  'streams/validation': '/streams/validation/{name}',
  'runtime/streams': '/runtime/streams{?names}',
  'runtime/streams/{streamNames}': '/runtime/streams/{streamNames}',
  'runtime/apps': '/runtime/apps',
  'runtime/apps/{appId}': '/runtime/apps/{appId}',
  'runtime/apps/{appId}/instances': '/runtime/apps/{appId}/instances',
  'runtime/apps/{appId}/instances/{instanceId}': '/runtime/apps/{appId}/instances/{instanceId}',
  'runtime/apps/{appId}/instances/{instanceId}/actuator': [
    '/runtime/apps/{appId}/instances/{instanceId}/actuator?endpoint={endpoint}',
    '/runtime/apps/{appId}/instances/{instanceId}/actuator',
  ],
  'runtime/apps/{appId}/instances/{instanceId}/post': '/runtime/apps/{appId}/instances/{instanceId}/post',
  'streams/deployments': '/streams/deployments',
  'streams/deployments/{name}{?reuse-deployment-properties}': '/streams/deployments/{name}?reuse-deployment-properties=false',
  'streams/deployments/{name}': '/streams/deployments/{name}',
  'streams/deployments/history/{name}': '/streams/deployments/history/{name}',
  'streams/deployments/manifest/{name}/{version}': '/streams/deployments/manifest/{name}/{version}',
  'streams/deployments/platform/list': '/streams/deployments/platform/list',
  'streams/deployments/rollback/{name}/{version}': '/streams/deployments/rollback/{name}/{version}',
  'streams/deployments/update/{name}': '/streams/deployments/update/{name}',
  'streams/deployments/deployment': '/streams/deployments/{name}',
  'streams/deployments/scale/{streamName}/{appName}/instances/{count}':
    '/streams/deployments/scale/{streamName}/{appName}/instances/{count}',
  'streams/logs': '/streams/logs',
  'streams/logs/{streamName}': '/streams/logs/{streamName}',
  'streams/logs/{streamName}/{appName}': '/streams/logs/{streamName}/{appName}',
  'tasks/platforms': '/tasks/platforms',
  'tasks/definitions': '/tasks/definitions',
  'tasks/definitions/definition': '/tasks/definitions/{name}',
  'tasks/executions': '/tasks/executions',
  'tasks/executions/external': '/tasks/executions/external/{externalExecutionId}{?platform}',
  'tasks/executions/launch': '/tasks/executions/launch?name={name}{&properties,arguments}',
  'tasks/executions/name': '/tasks/executions{?name}',
  'tasks/executions/current': '/tasks/executions/current',
  'tasks/executions/execution': '/tasks/executions/{id}{?schemaTarget}',
  'tasks/validation': '/tasks/validation/{name}',
  'tasks/info/executions': '/tasks/info/executions{?completed,name,days}',
  'tasks/logs': '/tasks/logs/{taskExternalExecutionId}{?platformName,schemaTarget}',
  'tasks/thinexecutions': '/tasks/thinexecutions',
  'jobs/executions': '/jobs/executions',
  'jobs/executions/name': '/jobs/executions{?name}',
  'jobs/executions/status': '/jobs/executions{?status}',
  'jobs/executions/execution': '/jobs/executions/{id}',
  'jobs/executions/execution/steps': '/jobs/executions/{jobExecutionId}/steps',
  'jobs/executions/execution/steps/step': '/jobs/executions/{jobExecutionId}/steps/{stepId}',
  'jobs/executions/execution/steps/step/progress': '/jobs/executions/{jobExecutionId}/steps/{stepId}/progress',
  'jobs/instances/name': '/jobs/instances{?name}',
  'jobs/instances/instance': '/jobs/instances/{id}',
  'tools/parseTaskTextToGraph': '/tools',
  'tools/convertTaskGraphToText': '/tools',
  'jobs/thinexecutions': '/jobs/thinexecutions',
  'jobs/thinexecutions/name': '/jobs/thinexecutions{?name}',
  'jobs/thinexecutions/jobInstanceId': '/jobs/thinexecutions{?jobInstanceId}',
  'jobs/thinexecutions/taskExecutionId': '/jobs/thinexecutions{?taskExecutionId}',
  apps: '/apps',
  about: '/about',
  'completions/stream': '/completions/stream{?start,detailLevel}',
  'completions/task': '/completions/task{?start,detailLevel}',
};

/** The document at the root: where everything is, as absolute addresses beneath `base`. */
export function rootDocument(base: string): { readonly _links: Links; readonly 'api.revision': number } {
  const links = Object.entries(relations).map(([relation, paths]) => {
    const each = (typeof paths === 'string' ? [paths] : paths).map((path) => linkTo(base, path));
    return [relation, typeof paths === 'string' ? each[0]! : each] as const;
  });
  return { _links: Object.fromEntries(links), 'api.revision': apiRevision };
}

function linkTo(base: string, path: string): Link {
  return path.includes('{') ? { href: base + path, templated: true } : { href: base + path };
}
