import { expect, it } from 'vitest';
import { ManualClock, systemClock } from '@millrace/core';

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

it("never fires the machine's timers early, also when the turn that sets them has taken long", async () => {
  const early: number[] = [];
  for (let round = 0; round < 5; round++) {
    // A turn of the event loop of its own, so that its beginning is what the loop's own timers would count from.
    await new Promise((resolve) => setImmediate(resolve));
    const busyUntil = performance.now() + 15;
    while (performance.now() < busyUntil);
    const due = systemClock.monotonic() + 20;
    await new Promise<void>((resolve) => {
      systemClock.after(20, resolve);
    });
    early.push(Math.max(0, due - systemClock.monotonic()));
  }
  expect(early).toEqual([0, 0, 0, 0, 0]);
});

it("does not run the task of a cancelled timer of the machine's clock", async () => {
  const fired: string[] = [];
  const cancelled = systemClock.after(5, () => fired.push('cancelled'));
  cancelled.cancel();
  await new Promise<void>((resolve) => {
    systemClock.after(15, resolve);
  });
  expect(fired).toEqual([]);
});
