import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import type { Delivery } from '../../src/binder/index.ts';
import { PartitionState } from '../../src/firehose/partition-state.ts';
import { turn } from '../support.ts';

function setUp(cumulative: boolean) {
  const clock = new ManualClock();
  const partition = new PartitionState(0, cumulative);
  const events = [0, 1, 2, 3].map((offset) => partition.add({ offset, partition: 0 } as Delivery));
  const done = (index: number) => {
    partition.end();
    return partition.finish(events[index]!, true)?.offset;
  };
  const drain = (until: number) => {
    const state = { ended: false };
    void partition.drain(clock, until).then(() => (state.ended = true));
    return state;
  };
  return { clock, partition, events, done, drain };
}

test('acknowledged is the finished prefix, or each on its own', () => {
  const cumulative = setUp(true);
  const individual = setUp(false);
  for (const { partition, events } of [cumulative, individual]) for (const event of events) partition.begin(event);
  expect([2, 0, 1].map(cumulative.done)).toEqual([undefined, 0, 2]);
  expect([2, 0, 1].map(individual.done)).toEqual([2, 0, 1]);
});

test('draining waits for what runs and, where acknowledgement is cumulative, for what came before it', async () => {
  const { partition, events, done, drain } = setUp(true);
  partition.begin(events[2]!);
  const draining = drain(1000);
  expect([1, 3].map((index) => partition.begin(events[index]!))).toEqual([true, false]);
  done(2);
  done(1);
  await turn();
  expect(draining.ended).toBe(false);
  partition.begin(events[0]!);
  expect(done(0)).toBe(2);
  await turn();
  expect(draining.ended).toBe(true);
  expect(partition.signal.aborted).toBe(true);
});

test('where acknowledgement is individual nothing more is begun', async () => {
  const { partition, events, done, drain } = setUp(false);
  partition.begin(events[2]!);
  const draining = drain(1000);
  expect([0, 1, 3].map((index) => partition.begin(events[index]!))).toEqual([false, false, false]);
  done(2);
  await turn();
  expect(draining.ended).toBe(true);
});

test('draining ends at its time, or at once when an event waits for a later retry', async () => {
  const slow = setUp(true);
  slow.partition.begin(slow.events[0]!);
  const draining = slow.drain(1000);
  await slow.clock.advance(999);
  expect(draining.ended).toBe(false);
  await slow.clock.advance(1);
  expect(draining.ended).toBe(true);
  const held = setUp(true);
  held.partition.begin(held.events[0]!);
  held.events[0]!.heldUntil = 60_000;
  held.partition.end();
  const quick = held.drain(1000);
  await turn();
  expect(quick.ended).toBe(true);
});

test('a turn comes when everything before is finished, and never once the partition is lost', async () => {
  const { partition, events, done, clock } = setUp(true);
  let turns = 0;
  void partition.turn([events[1]!]).then(() => turns++);
  const lost = expect(partition.turn([events[3]!])).rejects.toMatchObject({ code: 'CONFLICT', reason: 'PARTITION_LOST' });
  partition.begin(events[0]!);
  await turn();
  expect(turns).toBe(0);
  done(0);
  await turn();
  expect(turns).toBe(1);
  await partition.drain(clock, 0);
  await lost;
  await expect(partition.turn([events[1]!])).rejects.toMatchObject({ reason: 'PARTITION_LOST' });
});
