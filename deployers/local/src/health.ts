import type { DeploymentRequest } from '@millrace/deployer-contract';
import type { ProbeTarget } from './probe.ts';
import type { Settings } from './settings.ts';

/** Where the management endpoints of our apps and of Spring's say how they are. */
const ownHealthPath = '/actuator/health';

/** How an instance is asked whether it has started, and later how it is. */
export interface HealthPlan {
  /** Absent where an instance that lives has started. */
  readonly startup: ProbeTarget | undefined;
  /** Absent where an instance that lives is well. */
  readonly health: ProbeTarget | undefined;
}

/**
 * Our apps say by themselves how they are. Of others it is known only where a path is given; without one they have started when they
 * accept a connection, and are well while they live. Without a port there is nobody to be asked.
 */
export function healthPlan({ apps }: DeploymentRequest, settings: Settings, port: number): HealthPlan {
  if (port <= 0) return { startup: undefined, health: undefined };
  const { kind } = apps[0].resource;
  const own = kind === 'builtin' || kind === 'module' ? ownHealthPath : undefined;
  const path = settings.healthProbePath ?? own;
  const target = { host: settings.hostname, port };
  return {
    startup: { ...target, path: settings.startupProbePath ?? path },
    health: path === undefined ? undefined : { ...target, path },
  };
}
