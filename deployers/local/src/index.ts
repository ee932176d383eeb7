export { LocalDeployer } from './deployer.ts';
export type { LocalDeployerOptions } from './deployer.ts';
export type { AppHost } from './launch/command.ts';
export { fixedByDefault, localOptions } from './properties.ts';
export type { LocalSettings } from './properties.ts';
