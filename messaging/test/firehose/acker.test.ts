import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import type { ConsumerBinding, Delivery } from '../../src/binder/index.ts';
import { Acker } from '../../src/firehose/acker.ts';
import { turn } from '../support.ts';

const delivery = (partition: number, offset: number): Delivery => ({
  payload: null,
  headers: {},
  key: undefined,
  timestamp: 0,
  partition,
  offset,
  redeliveries: 0,
});

/** A binder that answers acknowledgements when the test says so. */
function setUp(cumulative: boolean) {
  const clock = new ManualClock();
  const requests: { places: string[]; settle: (error?: Error) => void }[] = [];
  const ack = (deliveries: readonly Delivery[]) =>
    new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => (error === undefined ? resolve() : reject(error));
      requests.push({ places: deliveries.map(({ partition, offset }) => `${partition}/${offset}`), settle });
    });
  const binding = { destination: 'readings', ack } as unknown as ConsumerBinding;
  const acker = new Acker({ binding, cumulative, clock, log: () => {} });
  const add = (...places: [number, number][]) => places.forEach((place) => acker.add(delivery(...place)));
  return { clock, requests, acker, add, places: () => requests.map((request) => request.places) };
}

test('where acknowledgement is cumulative the last of each partition stands for all', async () => {
  const { add, places } = setUp(true);
  add([0, 1], [1, 5], [0, 2], [0, 3]);
  await turn();
  expect(places()).toEqual([['0/3', '1/5']]);
});

test('where it is individual each is acknowledged', async () => {
  const { add, places } = setUp(false);
  add([0, 3], [0, 1], [1, 5]);
  await turn();
  expect(places()).toEqual([['0/3', '0/1', '1/5']]);
});

test('one request at a time, the next with everything that came meanwhile', async () => {
  const { add, places, requests, acker } = setUp(true);
  add([0, 1]);
  await turn();
  add([0, 2]);
  add([0, 3], [1, 1]);
  await turn();
  expect(places()).toEqual([['0/1']]);
  let flushed = false;
  void acker.flush().then(() => (flushed = true));
  requests[0]!.settle();
  await turn();
  expect(places()).toEqual([['0/1'], ['0/3', '1/1']]);
  expect(flushed).toBe(false);
  requests[1]!.settle();
  await turn();
  expect(flushed).toBe(true);
});

test.each([
  [true, ['0/9', '1/1']],
  [false, ['0/1', '1/1', '0/9']],
])('what failed is repeated with what came meanwhile (cumulative: %s)', async (cumulative, expected) => {
  const { clock, add, places, requests } = setUp(cumulative);
  add([0, 1], [1, 1]);
  await turn();
  requests[0]!.settle(new Error('timeout'));
  await turn();
  add([0, 9]);
  await clock.advance(500);
  expect(places()[1]).toEqual(expected);
});

test('a stopped acker gives up what is not acknowledged', async () => {
  const { clock, add, places, requests, acker } = setUp(true);
  add([0, 1]);
  await turn();
  requests[0]!.settle(new Error('connection lost'));
  await turn();
  acker.stop();
  await acker.flush();
  await clock.advance(10_000);
  expect(places()).toHaveLength(1);
});
