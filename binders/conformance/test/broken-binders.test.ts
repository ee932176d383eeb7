import { embeddedBinder } from '@millrace/binder-embedded';
import { ManualClock } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { runConformance } from '../src/index.ts';
import type { ConformanceHarness } from '../src/index.ts';
import { brokenBinders } from './broken-binders/index.ts';
import type { BrokenBinder } from './broken-binders/index.ts';
import { durable } from './broken-binders/restarts.ts';
import { sabotaged } from './broken-binders/sabotage.ts';
import { PlainBroker } from './plain-binder/index.ts';

// What is lost never comes; in memory all that comes does so at once.
const impatient = { settleMs: 300, recoverMs: 300 };

describe('the kit names what a binder does wrong:', () => {
  it.each(brokenBinders)('$name', async (broken) => {
    const { failed, passed, skipped } = await runConformance(harnessOf(broken, impatient), { only: broken.caughtBy });
    expect({ failed: failed.map((each) => each.title).toSorted(), passed, skipped }).toEqual({
      failed: broken.caughtBy.toSorted(),
      passed: [],
      skipped: [],
    });
  });

  it.each(['plain', undefined] as const)(
    'but nothing of a binder that does nothing wrong in the same disguise (%s)',
    async (of) => {
      const all = brokenBinders.filter((each) => each.of === of).flatMap((each) => each.caughtBy);
      const intact = { name: 'intact', of, sabotage: of === 'plain' ? () => durable() : () => ({}), caughtBy: [] };
      const { failed } = await runConformance(harnessOf(intact), { only: [...new Set(all)] });
      expect(failed).toEqual([]);
    },
  );
});

function harnessOf({ name, of, sabotage }: BrokenBinder, timeouts: ConformanceHarness['timeouts'] = {}): ConformanceHarness {
  return {
    name,
    async createBroker() {
      const clock = new ManualClock();
      const plain = new PlainBroker(clock);
      const wrong = sabotage();
      const connect = () => (of === 'plain' ? plain.connect() : embeddedBinder({ memory: true, clock }));
      return {
        connect: async () => sabotaged(connect(), wrong),
        singleClient: of !== 'plain',
        clock,
        ...(wrong.restart && { restart: wrong.restart }),
        stop: async () => undefined,
      };
    },
    timeouts,
  };
}
