/** The states of deployments and of their instances, as they appear on SCDF's wire. */
export const deploymentStates = ['deploying', 'deployed', 'undeployed', 'partial', 'failed', 'error', 'unknown'] as const;

/**
 * `deploying`: started and not yet healthy. `deployed`: healthy. `undeployed`: wanted and never started. `partial`: some of it is.
 * `failed`: ended, or unhealthy. `error`: the platform could not be asked. `unknown`: there is no such thing.
 */
export type DeploymentState = (typeof deploymentStates)[number];

/**
 * The state of an app from those of its instances. One that is wanted with no instances (scaled to zero) is deployed; without
 * instances otherwise it is unknown.
 */
export function appState(instances: Iterable<DeploymentState>, wanted?: number): DeploymentState {
  const states = new Set(instances);
  if (states.size === 0) return wanted === 0 ? 'deployed' : 'unknown';
  if (states.size === 1) return [...states][0]!;
  if (states.has('error')) return 'error';
  if (states.has('deploying')) return 'deploying';
  if (states.has('deployed') || states.has('partial')) return 'partial';
  return states.has('failed') ? 'failed' : 'partial';
}

/** The state of a stream from those of its apps. A stream of which nothing is known is undeployed. */
export function streamState(apps: Iterable<DeploymentState>): DeploymentState {
  const states = new Set(apps);
  if (states.size === 0) return 'error';
  if (states.size === 1) return states.has('unknown') ? 'undeployed' : [...states][0]!;
  if (states.has('error')) return 'error';
  if (states.has('deployed') && states.has('failed')) return 'partial';
  if (states.has('failed')) return 'failed';
  return states.has('deploying') ? 'deploying' : 'partial';
}
