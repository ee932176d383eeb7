import type { DeployerHarness } from './harness.ts';
import { declarationOf, scenarioTimeoutMs, Stage } from './run.ts';
import { skipReason } from './scenario.ts';
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

/** What {@link deployerConformance} needs. */
export interface ConformanceSuite {
  readonly test: TestRunner;
  readonly harness: DeployerHarness;
}

/**
 * Declares every scenario as a test of the given runner. Await it at the top level of a test file: it first asks the deployer for its
 * capabilities, because they alone, with the means that the harness gives, decide what is skipped.
 */
export async function deployerConformance({ test, harness }: ConformanceSuite): Promise<void> {
  const { capabilities, platform } = await declarationOf(harness);
  const timeoutMs = scenarioTimeoutMs(harness);
  let stage: Stage | undefined;
  test.describe(`${harness.name} conforms`, () => {
    test.beforeAll(async () => void (stage = await Stage.open(harness)), timeoutMs);
    test.afterAll(async () => stage?.close(), timeoutMs);
    for (const [group, members] of Map.groupBy(scenarios, (each) => each.group))
      test.describe(group, () => {
        for (const each of members) {
          const reason = skipReason(each, capabilities, platform);
          const play = async (): Promise<void> => {
            if (stage === undefined) throw new TypeError('the test runner did not run beforeAll');
            await stage.play(each);
          };
          if (reason === undefined) test.it(each.name, play, timeoutMs);
          else test.it.skip(`${each.name} (${reason})`, play);
        }
      });
  });
}
