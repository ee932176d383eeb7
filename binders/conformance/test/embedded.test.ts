import { ManualClock } from '@millrace/core';
import { embeddedBinder } from '@millrace/binder-embedded';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { binderConformance } from '../src/index.ts';

await binderConformance({
  test: { describe, it, beforeAll, afterAll },
  harness: {
    name: 'embedded (memory)',
    async createBroker() {
      const clock = new ManualClock();
      return {
        connect: async () => embeddedBinder({ memory: true, clock }),
        singleClient: true,
        clock,
        // Housekeeping follows work within seconds.
        applyRetention: () => clock.advance(5000),
        stop: async () => undefined,
      };
    },
  },
});
