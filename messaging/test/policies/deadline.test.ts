import { ManualClock, MillraceError } from '@millrace/core';
import { expect, test } from 'vitest';
import { delay, withDeadline } from '../../src/policies/deadline.ts';
import { turn } from '../support.ts';

test('work that is in time settles as it does', async () => {
  const clock = new ManualClock();
  const deadline = { clock, ms: 100, operation: 'the test' };
  expect(await withDeadline(deadline, () => Promise.resolve('done'))).toBe('done');
  await expect(withDeadline(deadline, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

test('work that is late is given up by name, and told to stop', async () => {
  const clock = new ManualClock();
  let signal: AbortSignal | undefined;
  const waiting = withDeadline({ clock, ms: 100, operation: 'the test' }, (given) => {
    signal = given;
    return new Promise(() => {});
  });
  const expectation = expect(waiting).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: expect.stringMatching(/^the test .* 100 ms/),
  });
  await clock.advance(99);
  expect(signal!.aborted).toBe(false);
  await clock.advance(1);
  await expectation;
  expect(signal!.aborted).toBe(true);
});

test("what may still happen gets the error that says so, and a late failure is nobody's", async () => {
  const clock = new ManualClock();
  const { promise, reject } = Promise.withResolvers<never>();
  const unknown = new MillraceError('who knows', { code: 'INDETERMINATE', reason: 'X' });
  const waiting = withDeadline({ clock, ms: 1, operation: 'x', expired: () => unknown }, () => promise);
  const expectation = expect(waiting).rejects.toMatchObject({ code: 'INDETERMINATE' });
  await clock.advance(1);
  await expectation;
  reject(new Error('late'));
  await turn();
});

test('a delay ends at its time, or when it is aborted', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const ended: string[] = [];
  void delay(clock, 10).then(() => ended.push('time'));
  void delay(clock, 1000, controller.signal).then(() => ended.push('aborted'));
  void delay(clock, 1000, AbortSignal.abort()).then(() => ended.push('at once'));
  await turn();
  expect(ended).toEqual(['at once']);
  await clock.advance(10);
  expect(ended).toEqual(['at once', 'time']);
  controller.abort();
  await turn();
  expect(ended).toEqual(['at once', 'time', 'aborted']);
});
