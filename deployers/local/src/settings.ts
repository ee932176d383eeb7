import { findOption, messageOf, optionSource } from '@millrace/core';
import { commonOptions, parseSize, readProperties } from '@millrace/deployer-contract';
import type { CommonSettings, DeploymentRequest } from '@millrace/deployer-contract';
import { raise } from './errors.ts';
import { fixedByDefault, localOptions, localProperties } from './properties.ts';
import type { LocalSettings } from './properties.ts';

/** What the deployment properties of a request say, checked. */
export interface Settings extends CommonSettings, LocalSettings {
  /** In mebibytes. */
  readonly memoryMiB: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly logMaxBytes: number;
  /** The port that the app itself asks for; 0 or less means that it listens to nothing that could be asked. */
  readonly ownPort: number | undefined;
  /** Properties of the request that mean nothing here. */
  readonly ignored: readonly string[];
}

/** Settings of the platform that requests cannot change, and those that they can. */
export interface PlatformSettings {
  readonly properties?: Readonly<Record<string, string>> | undefined;
  readonly fixed?: readonly string[] | undefined;
}

const mebibyte = 2 ** 20;

/** Reads the deployment properties of a request over those of the platform. Throws what `deploy` throws for them. */
export function readSettings(request: DeploymentRequest, platform: PlatformSettings): Settings {
  const given = request.deploymentProperties ?? {};
  checkFixed(given, platform.fixed ?? fixedByDefault);
  const { common, own, ignored } = readProperties(localProperties, given, platform.properties);
  checkPatterns(own.envVarsToInherit);
  if (own.portHigh < own.portLow) throw raise('PORT_RANGE_INVALID', { from: own.portLow, to: own.portHigh });
  const limit = sizeOf(localOptions.memoryLimit.name, own.memoryLimit);
  return {
    ...common,
    ...own,
    memoryMiB: sizeOf(commonOptions.memory.name, common.memory),
    memoryLimitBytes: limit === undefined ? undefined : limit * mebibyte,
    logMaxBytes: parseSize(localOptions.logMaxSize.name, own.logMaxSize) * mebibyte,
    ownPort: portOf(request),
    ignored,
  };
}

function checkPatterns(patterns: readonly string[]): void {
  for (const pattern of patterns) {
    try {
      new RegExp(pattern).test('');
    } catch (error) {
      throw raise('PATTERN_INVALID', { option: localOptions.envVarsToInherit.name, pattern, problem: messageOf(error) }, error);
    }
  }
}

function sizeOf(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseSize(name, text);
}

function checkFixed(given: Readonly<Record<string, string>>, fixed: readonly string[]): void {
  for (const property of Object.keys(given)) {
    const spec = property.includes('.') ? findOption(localOptions, property) : undefined;
    if (spec !== undefined && fixed.includes(spec.name)) throw raise('FIXED_PROPERTY', { property });
  }
}

// Fused apps share a port, so whichever asks for one decides.
function portOf({ apps }: DeploymentRequest): number | undefined {
  for (const { properties } of apps) {
    const value = optionSource(properties).get('server.port');
    if (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value)) return Number(value);
  }
  return undefined;
}
