import { ManualClock } from '@millrace/core';
import type { ConformanceHarness } from '../src/index.ts';
import { PlainBroker } from './plain-binder/index.ts';

/** The plain binder on a clock that the kit moves, or, for stress mode, on the machine's. */
export function plainHarness(more: Partial<ConformanceHarness> = {}): ConformanceHarness {
  return {
    name: 'plain',
    async createBroker() {
      const clock = more.mode === 'stress' ? undefined : new ManualClock();
      const broker = new PlainBroker(clock);
      return { connect: async () => broker.connect(), clock, stop: async () => undefined };
    },
    ...more,
  };
}
