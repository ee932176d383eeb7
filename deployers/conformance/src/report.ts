import { messageOf } from '@millrace/core';
import type { DeployerCapabilities } from '@millrace/deployer-contract';
import { kitError } from './errors.ts';
import type { DeployerHarness } from './harness.ts';
import { declarationOf, Stage } from './run.ts';
import { skipReason, titleOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';

/** The result of a run, as data. */
export interface ConformanceReport {
  /** The harness's name. */
  readonly name: string;
  /** The deployer's platform. */
  readonly deployer: string;
  readonly capabilities: DeployerCapabilities;
  /** Titles as `group › name`. */
  readonly passed: readonly string[];
  readonly failed: readonly { readonly title: string; readonly message: string; readonly error: unknown }[];
  readonly skipped: readonly { readonly title: string; readonly reason: string }[];
}

/** Which scenarios are run. */
export interface RunOptions {
  /** Only those whose title is, or whose group is, one of these. `INVALID_ARGUMENT` if one names nothing. */
  readonly only?: readonly string[] | undefined;
}

/**
 * Runs the scenarios without a test runner, one after the other, and reports. Rejects only when there is no platform or the options are
 * wrong; what a deployer does wrong is in the report.
 */
export async function runConformance(harness: DeployerHarness, { only }: RunOptions = {}): Promise<ConformanceReport> {
  const chosen = select(only);
  const { platform, ...declared } = await declarationOf(harness);
  const report = {
    name: harness.name,
    ...declared,
    passed: [] as string[],
    failed: [] as { title: string; message: string; error: unknown }[],
    skipped: [] as { title: string; reason: string }[],
  };
  const stage = await Stage.open(harness);
  try {
    for (const scenario of chosen) {
      const title = titleOf(scenario);
      const reason = skipReason(scenario, declared.capabilities, platform);
      if (reason !== undefined) report.skipped.push({ title, reason });
      else
        await stage.play(scenario).then(
          () => report.passed.push(title),
          (error: unknown) => report.failed.push({ title, message: messageOf(error), error }),
        );
    }
  } finally {
    await stage.close();
  }
  return report;
}

function select(only: readonly string[] | undefined): readonly Scenario[] {
  if (only === undefined) return scenarios;
  for (const each of only)
    if (!scenarios.some((scenario) => isMeant(scenario, each))) throw kitError('NOTHING_SELECTED', { only: each });
  return scenarios.filter((scenario) => only.some((each) => isMeant(scenario, each)));
}

function isMeant(scenario: Scenario, name: string): boolean {
  return scenario.group === name || titleOf(scenario) === name;
}
