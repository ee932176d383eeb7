import type { DeploymentState } from '@millrace/deployer-contract';

/** The states of streams as they are deployed; `undeployed` for what nothing is known of. */
export interface StreamStates {
  of(stream: string): DeploymentState;
}

/** Each state as a sentence, as `stream list` of Spring Cloud Data Flow's shell prints it. */
export const stateSentences: Readonly<Record<DeploymentState, string>> = {
  deploying: 'The stream is being deployed.',
  deployed: 'The stream has been successfully deployed',
  undeployed: 'The app or group is known to the system, but is not currently deployed',
  partial: 'In the case of multiple apps, some are successfully deployed, while others are not',
  failed: 'The app or group has failed',
  error: 'The app or group is in an error state',
  unknown: 'The app or group is not known to the system',
};
