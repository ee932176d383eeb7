import { ManualClock } from '@millrace/core';
import { expect, it } from 'vitest';
import { Deadlines } from '../../src/policies/deadlines.ts';

function setUp() {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, 10);
  const fired: string[] = [];
  const add = (name: string, ms: number): (() => void) => {
    const item = { expired: () => void fired.push(`${name}@${clock.monotonic()}`) };
    const slot = deadlines.add(item, ms);
    return () => deadlines.remove(item, slot);
  };
  return { clock, deadlines, fired, add };
}

it('fires each deadline once, never early and at most one slot late', async () => {
  const { clock, fired, add } = setUp();
  add('later', 95);
  add('soon', 11);
  add('same', 12);
  await clock.advance(1000);
  expect(fired).toEqual(['soon@20', 'same@20', 'later@100']);
});

it('does not fire what was removed', async () => {
  const { clock, fired, add } = setUp();
  const remove = add('gone', 10);
  add('kept', 30);
  remove();
  remove();
  await clock.advance(1000);
  expect(fired).toEqual(['kept@30']);
});

it('takes new deadlines from within one that fires', async () => {
  const { clock, deadlines, fired, add } = setUp();
  deadlines.add({ expired: () => void add('second', 10) }, 10);
  await clock.advance(100);
  expect(fired).toEqual(['second@20']);
});

it('fires nothing after it was closed', async () => {
  const { clock, deadlines, fired, add } = setUp();
  add('never', 10);
  deadlines.close();
  await clock.advance(100);
  expect(fired).toEqual([]);
});
