import { expect, test } from 'vitest';
import { command, eventStream, region } from '../../src/index.ts';
import { memoryBinder, runtimeOn } from '../support.ts';

const stream = eventStream('readings');
const jobs = command('jobs');
const seats = region<number>('seats');
const runtime = () => runtimeOn(memoryBinder());
const nothing = () => {};

test.each([
  ['start', { start: { offset: -1 } }],
  ['start', { start: { offset: 1.5 } }],
  ['start', { start: { time: Number.NaN } }],
  ['start', { start: {} as never }],
  ['concurrency', { concurrency: 0 }],
  ['maxInFlight', { maxInFlight: 0.5 }],
  ['onFailure', { onFailure: 'drop' as never }],
])('a subscription with a wrong %s is refused: %j', async (option, options) => {
  const refused = runtime().subscribe(stream, { group: 'g', ...options }, nothing);
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { option } });
});

test.each([
  ['maxBatch', { maxBatch: 0 }],
  ['maxWaitMs', { maxWaitMs: -1 }],
])('a batch subscription with a wrong %s is refused: %j', async (option, options) => {
  const refused = runtime().subscribeBatch(stream, { group: 'g', ...options }, nothing);
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { option } });
});

test.each([
  ['delayMs', { delayMs: Number.NaN }],
  ['delayMs', { delayMs: 1, notBefore: new Date() }],
  ['timeToLiveMs', { timeToLiveMs: 0 }],
  ['deadlineMs', { deadlineMs: -1 }],
  ['deduplicateMs', { deduplicateMs: 5 }],
  ['priority', { priority: 10 }],
])('a command with a wrong %s is refused: %j', async (option, options) => {
  await expect(runtime().send(jobs, 1, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { option } });
});

test.each([
  ['leaseMs', { leaseMs: 99 }],
  ['concurrency', { concurrency: 1.5 }],
  ['onFailure', { onFailure: 'drop' as never }],
])('a handler with a wrong %s is refused: %j', async (option, options) => {
  await expect(runtime().handle(jobs, options, nothing)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { option } });
});

test.each([
  ['mode', { mode: 'all' as never }],
  ['snapshot', { snapshot: 'all' as never }],
  ['whenFull', { whenFull: 'wait' as never }],
  ['maxBacklog', { maxBacklog: 0 }],
])('a watch with a wrong %s is refused: %j', async (option, options) => {
  const refused = runtime().region(seats).watch(options, nothing);
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { option } });
});

test('a publish with a wrong deadline is refused, as a rejection', async () => {
  const refused = runtime().publish(stream, 1, { deadlineMs: 0 });
  await expect(refused).rejects.toMatchObject({ details: { option: 'deadlineMs' } });
});

test('an entry needs a key and a life', async () => {
  const entries = runtime().region(seats);
  await expect(entries.put('', 1)).rejects.toMatchObject({ reason: 'KEY_EMPTY' });
  await expect(entries.put('a', 1, { timeToLiveMs: 0 })).rejects.toMatchObject({ details: { option: 'timeToLiveMs' } });
  expect(await entries.count()).toBe(0);
});
