import { messageOf } from '@millrace/core';
import type { BinderCapabilities } from '@millrace/messaging/binder';
import { kitError } from './errors.ts';
import type { ConformanceHarness } from './harness.ts';
import { declarationOf, Stage } from './run.ts';
import { skipReason, titleOf } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';

/** The result of a run, as data: for capability tables and for tests of the kit. */
export interface ConformanceReport {
  /** The harness's name. */
  readonly name: string;
  /** The binder's name. */
  readonly binder: string;
  readonly capabilities: BinderCapabilities;
  /** Titles as `group › name`. */
  readonly passed: readonly string[];
  readonly failed: readonly { readonly title: string; readonly message: string; readonly error: unknown }[];
  readonly skipped: readonly { readonly title: string; readonly reason: string }[];
}

/** Which part of the kit to run. */
export interface RunOptions {
  /** Run only scenarios whose title is, or whose group is, one of these. `INVALID_ARGUMENT` if one names nothing. */
  readonly only?: readonly string[] | undefined;
}

/**
 * Runs the scenarios without a test runner, one after the other, and reports. Rejects only when the broker cannot be started or
 * the options are wrong; what a binder does wrong is in the report.
 */
export async function runConformance(harness: ConformanceHarness, options: RunOptions = {}): Promise<ConformanceReport> {
  const chosen = select(options.only);
  const { binder, capabilities, broker } = await declarationOf(harness);
  const report = {
    name: harness.name,
    binder,
    capabilities,
    passed: [] as string[],
    failed: [] as { title: string; message: string; error: unknown }[],
    skipped: [] as { title: string; reason: string }[],
  };
  const stage = await Stage.open(harness);
  try {
    for (const scenario of chosen) {
      const title = titleOf(scenario);
      const reason = skipReason(scenario, capabilities, broker);
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
