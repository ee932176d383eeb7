import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { MetricsRegistry } from '../../src/policies/metrics.ts';
import { Supervisor } from '../../src/runtime/supervisor.ts';
import { turn } from '../support.ts';

/** A consumer whose lives the test ends, and which can be away. */
function setUp() {
  const clock = new ManualClock();
  const state: { attached: number; away: boolean; end: (error?: Error) => void } = { attached: 0, away: false, end: () => {} };
  const restarts = new MetricsRegistry().counter('restarts', '');
  const supervisor = new Supervisor({
    name: 'the consumer',
    clock,
    log: () => {},
    restarts,
    attach: () => {
      if (state.away) return Promise.reject(new Error('away'));
      state.attached++;
      const ended = new Promise<void>(
        (resolve, reject) => (state.end = (error) => (error === undefined ? resolve() : reject(error))),
      );
      return Promise.resolve({ ended });
    },
  });
  return { clock, state, supervisor, restarts };
}

test("the first failure to attach is the caller's", async () => {
  const { state, supervisor } = setUp();
  state.away = true;
  await expect(supervisor.start()).rejects.toThrow('away');
});

test('a death is cured with growing pauses; after five failures in a row it counts as down, and is tried on', async () => {
  const { clock, state, supervisor, restarts } = setUp();
  await supervisor.start();
  expect(supervisor.status).toBe('up');
  state.away = true;
  state.end(new Error('reset'));
  await turn();
  expect(supervisor).toMatchObject({
    status: 'recovering',
    error: { reason: 'CONSUMER_FAILED', message: expect.stringContaining('reset') },
  });
  await clock.advance(120 + 240 + 480 + 960);
  expect(supervisor).toMatchObject({ status: 'down', error: { message: expect.stringContaining('away') } });
  state.away = false;
  await clock.advance(36_000);
  expect(supervisor).toMatchObject({ status: 'up', error: undefined });
  expect([state.attached, restarts.value]).toEqual([2, 1]);
});

test('a life that ends at once was never up: the pauses grow on', async () => {
  const { clock, state, supervisor } = setUp();
  await supervisor.start();
  for (const [attached, pause] of [120, 240, 480, 960, 1920].entries()) {
    expect(state.attached).toBe(attached + 1);
    state.end(new Error('damaged'));
    await turn();
    await clock.advance(pause / 2);
    expect(state.attached).toBe(attached + 1);
    await clock.advance(pause / 2);
  }
  expect(supervisor.status).toBe('down');
  await clock.advance(200);
  expect(supervisor.status).toBe('down');
  await clock.advance(800);
  expect(supervisor).toMatchObject({ status: 'up', error: undefined });
});

test('after stop nothing is attached any more', async () => {
  const { clock, state, supervisor } = setUp();
  await supervisor.start();
  state.end(new Error('reset'));
  await turn();
  supervisor.stop();
  await clock.advance(60_000);
  expect(supervisor.status).toBe('closed');
  expect(state.attached).toBe(1);
});

test('a life that ends on purpose is not renewed', async () => {
  const { clock, state, supervisor } = setUp();
  await supervisor.start();
  state.end();
  await clock.advance(60_000);
  expect(state.attached).toBe(1);
});
