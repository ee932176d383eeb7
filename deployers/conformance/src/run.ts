import { randomUUID } from 'node:crypto';
import type { DeployerCapabilities } from '@millrace/deployer-contract';
import { defaultTimeouts } from './harness.ts';
import type { DeployerHarness, Platform, Timeouts } from './harness.ts';
import { Kit } from './kit.ts';
import type { Run } from './kit.ts';
import type { Scenario } from './scenario.ts';
import { canaryName } from './scenarios/configuration.ts';

/** What is known of a deployer before the scenarios run. */
export interface Declaration {
  readonly deployer: string;
  readonly capabilities: DeployerCapabilities;
  /** The platform that was asked, stopped by now. */
  readonly platform: Platform;
}

/** Asks a deployer what it declares. */
export async function declarationOf(harness: DeployerHarness): Promise<Declaration> {
  const platform = await harness.createPlatform(newRun());
  try {
    const deployer = await platform.connect();
    return { deployer: deployer.platform, capabilities: deployer.capabilities, platform };
  } finally {
    await platform.stop();
  }
}

/** A platform on which scenarios run, one after the other. */
export class Stage {
  readonly #run: Run;

  private constructor(run: Run) {
    this.#run = run;
  }

  static async open(harness: DeployerHarness): Promise<Stage> {
    const { prefix, secrets } = newRun();
    process.env[canaryName] = 'withheld';
    const platform = await harness.createPlatform({ prefix, secrets });
    let groups = 0;
    return new Stage({ platform, timeouts: timeoutsOf(harness), secrets, uniqueGroup: () => `${prefix}-${groups++}` });
  }

  async play(scenario: Scenario): Promise<void> {
    const kit = new Kit(this.#run);
    let failure: { readonly error: unknown } | undefined;
    try {
      await kit.open();
      await scenario.run(kit);
    } catch (error) {
      failure = { error };
    }
    // A scenario that failed may leave what cannot be undeployed; its own error is the one to tell.
    await kit.close().catch((error: unknown) => (failure ??= { error }));
    if (failure !== undefined) throw failure.error;
  }

  async close(): Promise<void> {
    Reflect.deleteProperty(process.env, canaryName);
    await this.#run.platform.stop();
  }
}

/** When a test runner may give up on a scenario. */
export function scenarioTimeoutMs(harness: DeployerHarness): number {
  return 6 * timeoutsOf(harness).settleMs;
}

function timeoutsOf(harness: DeployerHarness): Timeouts {
  return { ...defaultTimeouts, ...harness.timeouts };
}

function newRun(): { readonly prefix: string; readonly secrets: Readonly<Record<string, string>> } {
  return { prefix: `kit-${randomUUID().slice(0, 8)}`, secrets: { 'kit-secret': `canary-${randomUUID()}` } };
}
