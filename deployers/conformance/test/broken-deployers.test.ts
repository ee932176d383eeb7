import { describe, expect, it } from 'vitest';
import { runConformance } from '../src/index.ts';
import { brokenDeployers } from './broken-deployers/index.ts';
import { sabotaged } from './broken-deployers/sabotage.ts';
import { plainHarness } from './plain-harness.ts';

describe('the kit names what a deployer does wrong:', () => {
  it.each(brokenDeployers)('$name', async ({ name, sabotage, caughtBy }) => {
    const harness = plainHarness({ name, connect: (shared) => sabotaged(shared, sabotage), settleMs: 500 });
    const { failed, passed, skipped } = await runConformance(harness, { only: caughtBy });
    expect({ failed: failed.map(({ title }) => title).toSorted(), passed, skipped }).toEqual({
      failed: caughtBy.toSorted(),
      passed: [],
      skipped: [],
    });
  });

  it('but nothing of a deployer that does nothing wrong in the same disguise', async () => {
    const harness = plainHarness({ connect: (shared) => sabotaged(shared, () => ({})), settleMs: 10_000 });
    const all = new Set(brokenDeployers.flatMap(({ caughtBy }) => caughtBy));
    const { failed } = await runConformance(harness, { only: [...all] });
    expect(failed).toEqual([]);
  });
});
