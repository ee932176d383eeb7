export { appState, deploymentStates, streamState } from './states.ts';
export type { DeploymentState } from './states.ts';
export type {
  AppResource,
  AppSpec,
  BuiltinResource,
  DeploymentRequest,
  ExecutableResource,
  ImageResource,
  JarResource,
  ModuleResource,
} from './request.ts';
export { instanceReasons, unknownStatus } from './status.ts';
export type { DeploymentStatus, InstanceEnd, InstanceReason, InstanceStatus } from './status.ts';
export type { Deployer, DeployerCapabilities, EnvironmentInfo } from './deployer.ts';
export { defaultTail } from './log.ts';
export type { LogLine, LogOptions } from './log.ts';
export { checkName, deploymentId, fusedGroups, isName } from './names.ts';
export { commonOptions, parseSize, readProperties } from './properties.ts';
export type { CommonSettings, PlatformProperties, ReadProperties } from './properties.ts';
export { secretNames, withSecrets } from './secrets.ts';
export type { SecretResolver } from './secrets.ts';
export { requestDigest } from './digest.ts';
export { hostText, hostVariable, readHostedApps } from './host.ts';
export type { HostedApp } from './host.ts';
export { deployerError } from './errors.ts';
