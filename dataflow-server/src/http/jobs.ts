import { problem } from '@millrace/dataflow-api';
import { emptyPage } from './pages.ts';
import { choice, flag, optional } from './parameters.ts';
import type { Answer, Call, Route } from './route.ts';

const jobStatuses = ['COMPLETED', 'STARTING', 'STARTED', 'STOPPING', 'STOPPED', 'FAILED', 'ABANDONED', 'UNKNOWN'] as const;

/** `/jobs`: no batch job has ever run here, so lists are empty and every job is unknown. */
export const jobRoutes: readonly Route[] = [
  { method: 'GET', path: '/jobs/executions', role: 'VIEW', run: (call) => list(call, 'jobExecutionResourceList') },
  { method: 'GET', path: '/jobs/thinexecutions', role: 'VIEW', run: (call) => list(call, 'jobExecutionThinResourceList') },
  { method: 'GET', path: '/jobs/executions/:id', role: 'VIEW', run: unknownExecution },
  {
    method: 'PUT',
    path: '/jobs/executions/:id',
    role: 'MODIFY',
    run(call) {
      const { parameters } = call;
      if (!flag(parameters, 'stop') && !flag(parameters, 'restart'))
        throw problem('JOB_ACTION_MISSING', { given: [...parameters].map(([name, value]) => `${name}={${value}}`).join(', ') });
      return unknownExecution(call);
    },
  },
  { method: 'GET', path: '/jobs/executions/:id/steps', role: 'VIEW', run: unknownSteps },
  { method: 'GET', path: '/jobs/executions/:id/steps/:step', role: 'VIEW', run: unknownSteps },
  { method: 'GET', path: '/jobs/executions/:id/steps/:step/progress', role: 'VIEW', run: unknownSteps },
  { method: 'GET', path: '/jobs/instances', role: 'VIEW', run: (call) => list(call, 'jobInstanceResourceList') },
  {
    method: 'GET',
    path: '/jobs/instances/:id',
    role: 'VIEW',
    run(call) {
      throw problem('JOB_INSTANCE_UNKNOWN', { id: call.path['id']!, target: targetOf(call) });
    },
  },
];

function list(call: Call, key: string): Answer {
  const { parameters } = call;
  const name = optional(parameters, 'name');
  const status = optional(parameters, 'status');
  if (status !== undefined) choice(status, 'status', jobStatuses);
  if (name !== undefined) throw problem('JOB_UNKNOWN', { name });
  for (const date of ['fromDate', 'toDate']) checkDate(parameters, date);
  return emptyPage(call, key);
}

function checkDate(parameters: URLSearchParams, name: string): void {
  const value = optional(parameters, name);
  if (value !== undefined && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3}$/.test(value))
    throw problem('JOB_DATE_INVALID', { name, value });
}

function unknownExecution(call: Call): never {
  throw problem('JOB_EXECUTION_UNKNOWN', { id: call.path['id']!, target: targetOf(call) });
}

function unknownSteps({ path }: Call): never {
  throw problem('JOB_STEPS_UNKNOWN', { id: path['id']! });
}

function targetOf({ parameters }: Call): string {
  return optional(parameters, 'schemaTarget') ?? 'boot2';
}
