import { ManualClock } from '@millrace/core';
import { expect, it } from 'vitest';
import { BatchStage } from '../../src/chain/batch-stage.ts';
import type { StagePolicy } from '../../src/chain/stage.ts';
import { AppMessage } from '../../src/runtime/message.ts';

const make = (payload: unknown) => new AppMessage(payload, {}, 0);

function policy(clock: ManualClock, parked: unknown[]): StagePolicy {
  return {
    app: 'test',
    clock,
    concurrency: 1,
    retryAfter: (attempt) => (attempt < 2 ? 100 : undefined),
    park: (message) => {
      parked.push(message.payload);
      return Promise.resolve();
    },
  };
}

it('joins what arrives during a batch into the next one, and settles each caller', async () => {
  const batches: unknown[][] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stage = new BatchStage(
    (messages) => {
      batches.push(messages.map((message) => message.payload));
      return gates[batches.length - 1]!.promise;
    },
    policy(new ManualClock(), []),
  );
  const pushes = [stage.push([make(1)]), stage.push([make(2), make(3)]), stage.push([make(4)])];
  expect(batches).toEqual([[1]]);
  gates[0]!.resolve();
  await pushes[0];
  await new Promise(setImmediate);
  expect(batches).toEqual([[1], [2, 3, 4]]);
  gates[1]!.resolve();
  for (const push of pushes) await push;
  expect(stage.counts.in).toBe(4);
});

it('handles the messages of a failed batch one by one, and parks the one at fault', async () => {
  const clock = new ManualClock();
  const parked: unknown[] = [];
  const handled: unknown[] = [];
  const stage = new BatchStage(
    async (messages) => {
      await Promise.resolve();
      if (messages.some((message) => message.payload === 'bad')) throw new Error('no');
      handled.push(...messages.map((message) => message.payload));
    },
    policy(clock, parked),
  );
  const done = stage.push([make(1), make('bad'), make(2)]);
  await clock.advance(0);
  await clock.advance(100);
  await done;
  expect(handled).toEqual([1, 2]);
  expect(parked).toEqual(['bad']);
  expect(stage.counts).toEqual({ in: 3, out: 0, failed: 2, parked: 1 });
});

it('goes on at once after a batch that needed no promise', () => {
  const stage = new BatchStage(() => undefined, policy(new ManualClock(), []));
  expect(stage.push([make(1)])).toBeUndefined();
  expect(stage.push([make(2)])).toBeUndefined();
});
