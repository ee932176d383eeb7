import { createRequire } from 'node:module';
import { arch, availableParallelism, release, totalmem, type } from 'node:os';
import type { EnvironmentInfo } from '@millrace/deployer-contract';

const { name, version } = createRequire(import.meta.url)('../package.json') as { readonly name: string; readonly version: string };

/** What this machine is. */
export function environmentInfo(directory: string): EnvironmentInfo {
  const system = `${type()} ${release()}`;
  return {
    platformType: 'Local',
    deployerName: name,
    deployerVersion: version,
    platformApiVersion: system,
    platformClientVersion: process.version,
    platformHostVersion: system,
    details: {
      architecture: arch(),
      processors: String(availableParallelism()),
      memory: `${Math.round(totalmem() / 2 ** 20)}m`,
      directory,
    },
  };
}
