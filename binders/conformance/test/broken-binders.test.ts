import { ManualClock } from '@millrace/core';
import type { Binder } from '@millrace/messaging/binder';
import { describe, expect, it } from 'vitest';
import { runConformance } from '../src/index.ts';
import type { ConformanceHarness } from '../src/index.ts';
import { brokenBinders } from './broken-binders/index.ts';
import { durable } from './broken-binders/restarts.ts';
import { sabotaged } from './broken-binders/sabotage.ts';
import type { Sabotage } from './broken-binders/sabotage.ts';
import { PlainBroker } from './plain-binder/index.ts';

describe('the kit names what a binder does wrong:', () => {
  it.each(brokenBinders)('$name', async ({ sabotage, caughtBy }) => {
    const { failed, passed, skipped } = await runConformance(harnessOf(sabotage), { only: caughtBy });
    expect(
      failed.map((each) => each.title),
      JSON.stringify({ passed, skipped }),
    ).toEqual(expect.arrayContaining([...caughtBy]));
  });
});

describe('a binder in the same disguise that does nothing wrong', () => {
  it('passes all of these scenarios', async () => {
    const all = [...new Set(brokenBinders.flatMap((each) => each.caughtBy))];
    const report = await runConformance(
      harnessOf(() => durable()),
      { only: all },
    );
    expect(report.failed).toEqual([]);
  });
});

function harnessOf(sabotage: () => Sabotage): ConformanceHarness {
  return {
    name: 'broken',
    async createBroker() {
      const clock = new ManualClock();
      const broker = new PlainBroker(clock);
      const wrong = sabotage();
      return {
        connect: async (): Promise<Binder> => sabotaged(broker.connect(), wrong),
        clock,
        ...(wrong.restart && { restart: wrong.restart }),
        stop: async () => undefined,
      };
    },
    // What is lost never comes; in memory all that comes does so at once.
    timeouts: { settleMs: 300, recoverMs: 300 },
  };
}
