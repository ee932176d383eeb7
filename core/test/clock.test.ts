import { expect, it } from 'vitest';
import { ManualClock } from '@millrace/core';

it('fires timers in order of due time and lets promises run between them', async () => {
  const clock = new ManualClock(1000);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`late@${clock.now()}`));
  clock.after(10, () => void Promise.resolve().then(() => clock.after(5, () => seen.push(`nested@${clock.now()}`))));
  const cancelled = clock.after(12, () => seen.push('never'));
  cancelled.cancel();
  await clock.advance(30);
  expect(seen).toEqual(['nested@1015', 'late@1020']);
  expect(clock.now()).toBe(1030);
});

it('keeps monotonic time when the wall clock jumps', async () => {
  const clock = new ManualClock(1000);
  clock.jump(-3_600_000);
  await clock.advance(5);
  expect(clock.monotonic()).toBe(5);
  expect(clock.now()).toBe(1005 - 3_600_000);
});
