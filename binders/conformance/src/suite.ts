import type { ConformanceHarness } from './harness.ts';
import { declarationOf, scenarioTimeoutMs, Stage } from './run.ts';
import type { Declaration } from './run.ts';
import { skipReason } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';

/** The part of a test runner that the kit uses; Vitest and Jest fit as they are. */
export interface TestRunner {
  describe(title: string, body: () => void): void;
  readonly it: {
    (title: string, body: () => Promise<void>, timeoutMs?: number): void;
    /** Reports a test as skipped. */
    skip(title: string, body: () => Promise<void>): void;
  };
  beforeAll(body: () => Promise<void>, timeoutMs?: number): void;
  afterAll(body: () => Promise<void>, timeoutMs?: number): void;
}

/** What the kit's scenarios are registered with. */
export interface ConformanceSuite {
  readonly test: TestRunner;
  readonly harness: ConformanceHarness;
}

/**
 * Declares every scenario as a test of the given runner. Await it at the top level of a test file: it first asks the binder for its
 * capabilities, because they alone, with the means that the harness gives, decide what is skipped.
 */
export async function binderConformance({ test, harness }: ConformanceSuite): Promise<void> {
  const declaration = await declarationOf(harness);
  const timeoutMs = scenarioTimeoutMs(harness);
  let stage: Stage | undefined;
  const playing = (scenario: Scenario) => async () => {
    if (stage === undefined) throw new TypeError('the test runner did not run beforeAll');
    await stage.play(scenario);
  };
  test.describe(`${harness.name} conforms`, () => {
    test.beforeAll(async () => void (stage = await Stage.open(harness)), timeoutMs);
    test.afterAll(async () => stage?.close(), timeoutMs);
    for (const [group, members] of Map.groupBy(scenarios, (scenario) => scenario.group))
      test.describe(group, () => declare(test, members, declaration, playing, timeoutMs));
  });
}

function declare(
  test: TestRunner,
  members: readonly Scenario[],
  { capabilities, broker }: Declaration,
  playing: (scenario: Scenario) => () => Promise<void>,
  timeoutMs: number,
): void {
  for (const scenario of members) {
    const reason = skipReason(scenario, capabilities, broker);
    if (reason === undefined) test.it(scenario.name, playing(scenario), timeoutMs);
    else test.it.skip(`${scenario.name} (${reason})`, playing(scenario));
  }
}
