import { ManualClock } from '@millrace/core';
import { beforeEach, expect, test } from 'vitest';
import { batchOf } from '../../src/broker/control.ts';
import { Stage } from '../../src/broker/stage.ts';
import type { Staged } from '../../src/broker/stage.ts';
import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { encodeRecords } from '../../src/records/records.ts';

let journal: MemoryJournal;
let soon: (() => void)[];
let later: (() => void)[];
let stage: Stage;
let applied: string[];

beforeEach(() => {
  journal = new MemoryJournal({ clock: new ManualClock() });
  [soon, later, applied] = [[], [], []];
  const scheduling = { soon: (task: () => void) => void soon.push(task), later: (task: () => void) => void later.push(task) };
  stage = new Stage(journal, scheduling, () => undefined);
});

function staged(name: string): Staged {
  const batch = batchOf(2, encodeRecords([{ payload: Buffer.from(name), headers: {} }], 0));
  return { batches: [batch], applied: () => void applied.push(name), failed: () => void applied.push(`${name} failed`) };
}

const run = (tasks: (() => void)[]): void => tasks.splice(0).forEach((task) => task());

test('what is added together is committed together', () => {
  stage.add(staged('a'));
  stage.add(staged('b'));
  expect(soon).toHaveLength(1);
  run(soon);
  expect(applied).toEqual(['a', 'b']);
});

test('what nobody waits for goes with the next commit, and leaves nothing to do when its own time comes', () => {
  stage.addLater(staged('later'));
  expect(soon).toHaveLength(0);
  stage.add(staged('now'));
  run(soon);
  expect(applied).toEqual(['later', 'now']);
  run(later);
  expect(soon).toHaveLength(0);
});

test('what nobody waits for is committed alone where nothing else comes', () => {
  stage.addLater(staged('a'));
  stage.addLater(staged('b'));
  expect(later).toHaveLength(1);
  run(later);
  run(soon);
  expect(applied).toEqual(['a', 'b']);
  stage.addLater(staged('c'));
  expect(later).toHaveLength(1);
});
